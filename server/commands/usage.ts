import { systemClock } from "../effects/mod.ts";
import { createLedger, type UsageQuery, type UsageSum } from "../usage/mod.ts";
import { readArguments, UsageError } from "./accounts/arguments.ts";
import { type AccountRooms, allOf, userNamed, withAccounts } from "./accounts/rooms.ts";
import { moneyText } from "./accounts/show.ts";
import { table } from "./accounts/table.ts";
import type { Console } from "./console.ts";

const GROUPS = ["model", "user", "key", "day"] as const;
const DAY = 86_400_000;

/** `gatehouse usage`: what was used, from the books of a server that may be running. @returns the exit code */
export async function usage(args: readonly string[], console: Console): Promise<number> {
  return await withAccounts(console, async (rooms) => await show(args, rooms, console));
}

async function show(args: readonly string[], rooms: AccountRooms, console: Console): Promise<number> {
  const given = readArguments(args, {
    usage: `gatehouse usage [--by ${GROUPS.join("|")}] [--from DATE] [--to DATE] [--user NAME] [--json]`,
    words: 0,
    flags: ["json"],
    values: ["by", "from", "to", "user"],
  });
  const now = systemClock.now();
  const by = given.value("by") ?? "model";
  const groupBy = GROUPS.find((group) => group === by);
  if (groupBy === undefined) throw new UsageError(`--by takes one of ${GROUPS.join(", ")}`);
  const owner = given.value("user");
  const query = {
    from: dayOf("--from", given.value("from"), now - 29 * DAY),
    to: dayOf("--to", given.value("to"), now),
    groupBy,
    userId: owner === null ? null : (await userNamed(rooms.accounts, owner)).id,
  };
  const sums = await sumsOf(rooms, query);
  if (given.has("json")) {
    console.say(JSON.stringify(sums, null, 2));
    return 0;
  }
  if (sums.length === 0) {
    console.say(`Nothing was used from ${query.from} to ${query.to}.`);
    return 0;
  }
  const nameOf = await names(rooms, groupBy);
  const rows = sums.map((sum) => [
    nameOf(sum.key),
    String(sum.requests),
    String(sum.prompt_tokens),
    String(sum.completion_tokens),
    String(sum.estimated),
    sum.cost === null ? "-" : `${moneyText(sum.cost.micros)} ${sum.cost.currency}`,
  ]);
  const head = [groupBy.toUpperCase(), "REQUESTS", "PROMPT TOKENS", "COMPLETION TOKENS", "ESTIMATED", "COST"];
  for (const line of table(head, rows, [1, 2, 3, 4, 5])) console.say(line);
  return 0;
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
  }
  if (groupBy === "key") {
    known.set("", "(no key)");
    for (const key of await allOf((page) => accounts.keys.list(null, page))) {
      known.set(key.id, `${key.name} ${key.start}…`);
    }
  }
  return (key) => known.get(key) ?? key;
}

/** @throws {UsageError} for what is no day */
function dayOf(flag: string, text: string | null, otherwise: number): string {
  if (text === null) return new Date(otherwise).toISOString().slice(0, 10);
  if (/^\d{4}-\d{2}-\d{2}$/.test(text) && !Number.isNaN(Date.parse(text))) return text;
  throw new UsageError(`${flag} takes a day such as 2026-11-01`);
}
