import { type Accounts, LOCAL_USER_ID } from "../accounts/mod.ts";
import { GatehouseError } from "../errors/mod.ts";
import { expiryOf, LIMIT_FLAGS, LIMIT_USAGE, limitsOf, readArguments } from "./accounts/arguments.ts";
import { type AccountRooms, allOf, userNamed, withAccounts } from "./accounts/rooms.ts";
import { dayText, limitsText, timeText } from "./accounts/show.ts";
import { table } from "./accounts/table.ts";
import type { Console } from "./console.ts";
import { explain } from "./explain.ts";

const ACTIONS: Readonly<
  Record<string, (args: readonly string[], rooms: AccountRooms, console: Console) => Promise<number>>
> = {
  create,
  list,
  revoke,
};

/** `gatehouse key create|list|revoke`. @returns the exit code */
export async function key(args: readonly string[], console: Console): Promise<number> {
  const [name = "", ...rest] = args;
  const action = Object.hasOwn(ACTIONS, name) ? ACTIONS[name] : undefined;
  if (action === undefined) {
    console.complain(`Usage: deno task gatehouse key ${Object.keys(ACTIONS).join("|")}`);
    return 2;
  }
  return await withAccounts(console, async (rooms) => {
    try {
      return await action(rest, rooms, console);
    } catch (error) {
      if (!(error instanceof GatehouseError)) throw error;
      console.complain(explain(error));
      return 1;
    }
  });
}

async function create(args: readonly string[], { accounts }: AccountRooms, console: Console): Promise<number> {
  const given = readArguments(args, {
    usage: `gatehouse key create <key's name> [--user NAME] [--expires 30d|DATE] ${LIMIT_USAGE}`,
    words: 1,
    values: ["user", "expires", ...LIMIT_FLAGS],
  });
  const expires = given.value("expires");
  const owner = given.value("user");
  const { key, secret } = await accounts.keys.create({
    userId: await ownerId(accounts, owner),
    name: given.words[0] ?? "",
    ...limitsOf(given),
    ...(expires === null ? {} : { expiresAt: expiryOf(expires, Date.now()) }),
  });
  // Alone on standard output, so that a script can take it.
  console.say(secret.reveal());
  console.complain("");
  console.complain(`This key is shown this once. To revoke it: deno task gatehouse key revoke ${key.id}`);
  if (owner === null) {
    console.complain("It belongs to the user of this machine, and is good only while the server is open on loopback;");
    console.complain("--user makes one for an account.");
  }
  return 0;
}

/** Without a name: the implicit user of a server on loopback. */
async function ownerId(accounts: Accounts, name: string | null): Promise<string> {
  return name === null ? LOCAL_USER_ID : (await userNamed(accounts, name)).id;
}

async function list(args: readonly string[], { accounts }: AccountRooms, console: Console): Promise<number> {
  const given = readArguments(args, {
    usage: "gatehouse key list [--user NAME] [--json]",
    words: 0,
    flags: ["json"],
    values: ["user"],
  });
  const owner = given.value("user");
  const userId = owner === null ? null : (await userNamed(accounts, owner)).id;
  const all = await allOf((page) => accounts.keys.list(userId, page));
  if (given.has("json")) {
    console.say(JSON.stringify(all, null, 2));
    return 0;
  }
  const names = new Map((await allOf((page) => accounts.users.list(page))).map(({ id, username }) => [id, username]));
  const now = Date.now();
  const rows = all.map((key) => [
    key.name,
    `${key.start}…`,
    names.get(key.userId) ?? key.userId,
    key.disabled ? "disabled" : key.expiresAt !== null && key.expiresAt <= now ? "expired" : "active",
    limitsText(key.limits),
    key.models?.join(",") ?? "all",
    dayText(key.expiresAt),
    timeText(key.lastUsedAt),
    key.id,
  ]);
  const head = ["NAME", "KEY", "USER", "STATE", "LIMITS", "MODELS", "EXPIRES", "LAST USED", "ID"];
  if (rows.length === 0) console.say("There are no keys yet; `deno task gatehouse key create <name>` makes one.");
  else for (const line of table(head, rows)) console.say(line);
  return 0;
}

async function revoke(args: readonly string[], { accounts }: AccountRooms, console: Console): Promise<number> {
  const given = readArguments(args, { usage: "gatehouse key revoke <id>", words: 1 });
  await accounts.keys.revoke(given.words[0] ?? "");
  console.say("Revoked: every server on this store refuses the key within a second.");
  return 0;
}
