import { LOCAL_USER_ID } from "../accounts/mod.ts";
import { systemClock } from "../effects/mod.ts";
import { createLedger, type UsageQuery, type UsageSum } from "../usage/mod.ts";
import { UsageError } from "./accounts/arguments.ts";
import { type AccountCommand, runOne } from "./accounts/command.ts";
import { allOf, userIdNamed } from "./accounts/named.ts";
import type { AccountRooms } from "./accounts/rooms.ts";
import { moneyText } from "./accounts/show.ts";
import { table } from "./accounts/table.ts";
import type { Console } from "./console.ts";

/** `gatehouse usage`: what was used, from the books of a server that may be running. @returns the exit code */
export async function usage(args: readonly string[], console: Console): Promise<number> {
  return await runOne(USAGE, args, console);
}

const GROUPS = ["model", "user", "key", "day"] as const;
const DAY = 86_400_000;

/** What the command does. */
export const USAGE: AccountCommand = {
  usage: [`usage [--by ${GROUPS.join("|")}] [--from DATE] [--to DATE]`, "[--user NAME] [--json]"],
  does: "what was used and what it cost, by model in the last 30 days unless told otherwise",
  words: 0,
  flags: ["json"],
  values: ["by", "from", "to", "user"],
  prepare(given) {
    const now = systemClock.now();
    const by = given.value("by") ?? "model";
    const groupBy = GROUPS.find((group) => group === by);
    if (groupBy === undefined) throw new UsageError(`--by takes one of ${GROUPS.join(", ")}`);
    const to = dayOf("--to", given.value("to"), now);
    const from = dayOf("--from", given.value("from"), Date.parse(to) - 29 * DAY);
    if (from > to) throw new UsageError(`--from ${from} lies after --to ${to}`);
    const owner = given.value("user");
    return async (rooms, console) => {
      const userId = owner === null ? null : await userIdNamed(rooms.accounts, owner);
      const sums = await sumsOf(rooms, { from, to, groupBy, userId });
      if (given.has("json")) console.say(JSON.stringify(sums, null, 2));
      else if (sums.length === 0) console.say(`Nothing was used from ${from} to ${to}.`);
      else for (const line of shown(sums, groupBy, await names(rooms, groupBy))) console.say(line);
      return 0;
    };
  },
};

const COUNTS = [1, 2, 3, 4, 5];

function shown(
  sums: readonly UsageSum[],
  groupBy: UsageQuery["groupBy"],
  nameOf: (key: string) => string,
): readonly string[] {
  const head = [groupBy.toUpperCase(), "REQUESTS", "PROMPT", "COMPLETION", "ESTIMATED", "COST"];
  const rows = sums.map((sum) => row(nameOf(sum.key), sum));
  return table(head, sums.length === 1 ? rows : [...rows, row("total", totalOf(sums))], COUNTS);
}

function row(name: string, { requests, prompt_tokens, completion_tokens, estimated, cost }: UsageSum): string[] {
  const money = cost === null ? "-" : `${moneyText(cost.micros)} ${cost.currency}`;
  return [name, ...[requests, prompt_tokens, completion_tokens, estimated].map(String), money];
}

/** All lines together. Sums in several currencies have none. */
function totalOf(sums: readonly UsageSum[]): UsageSum {
  const add = (of: "requests" | "prompt_tokens" | "completion_tokens" | "estimated") =>
    sums.reduce((total, sum) => total + sum[of], 0);
  const costs = sums.flatMap(({ cost }) => cost === null ? [] : [cost]);
  const currency = costs[0]?.currency;
  const isOne = currency !== undefined && costs.every((cost) => cost.currency === currency);
  return {
    key: "",
    requests: add("requests"),
    prompt_tokens: add("prompt_tokens"),
    completion_tokens: add("completion_tokens"),
    estimated: add("estimated"),
    cost: isOne ? { micros: costs.reduce((total, { micros }) => total + micros, 0), currency } : null,
  };
}

/** All sums, page by page. The ledger writes nothing here: nothing is metered in a command. */
async function sumsOf(
  { store, log }: AccountRooms,
  query: Pick<UsageQuery, "from" | "to" | "groupBy" | "userId">,
): Promise<readonly UsageSum[]> {
  const ledger = createLedger({ store, clock: systemClock, log, shard: "command", costOf: () => null });
  try {
    return await allOf(({ cursor }) => ledger.sum({ ...query, limit: 1000, cursor }));
  } finally {
    await ledger.close();
  }
}

/** Ids by the names that people know. */
async function names({ accounts }: AccountRooms, groupBy: UsageQuery["groupBy"]): Promise<(key: string) => string> {
  const known = new Map<string, string>();
  if (groupBy === "user") {
    for (const { id, username } of await allOf((page) => accounts.users.list(page))) known.set(id, username);
    return (key) => known.get(key) ?? (key === LOCAL_USER_ID ? key : `${key} (removed)`);
  }
  if (groupBy === "key") {
    for (const { id, name, start } of await allOf((page) => accounts.keys.list(null, page))) {
      known.set(id, `${name} ${start}…`);
    }
    return (key) => known.get(key) ?? (key === "" ? "(no key)" : `${key} (revoked)`);
  }
  return (key) => key;
}

/** @throws {UsageError} for what is no day */
function dayOf(flag: string, text: string | null, otherwise: number): string {
  const day = text ?? new Date(otherwise).toISOString().slice(0, 10);
  const at = /^\d{4}-\d{2}-\d{2}$/.test(day) ? Date.parse(day) : NaN;
  // The 31st of February would be a day of March.
  if (!Number.isNaN(at) && new Date(at).toISOString().startsWith(day)) return day;
  throw new UsageError(`${flag} takes a day such as 2026-11-01`);
}
