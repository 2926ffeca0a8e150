import type { Console } from "./console.ts";
import { explain } from "./explain.ts";
import { GatehouseError } from "../errors/mod.ts";
import { LIMIT_FLAGS, LIMIT_USAGE, limitsOf, readArguments } from "./accounts/arguments.ts";
import { askPassword } from "./accounts/ask_password.ts";
import { type AccountRooms, allOf, userNamed, withAccounts } from "./accounts/rooms.ts";
import { dayText, limitsText } from "./accounts/show.ts";
import { table } from "./accounts/table.ts";

/** What each word after `gatehouse user` does. */
const ACTIONS: Readonly<
  Record<string, (args: readonly string[], rooms: AccountRooms, console: Console) => Promise<number>>
> = {
  add,
  list,
  remove,
  passwd,
  disable: (args, rooms, console) => setDisabled("disable", args, rooms, console),
  enable: (args, rooms, console) => setDisabled("enable", args, rooms, console),
};

/** `gatehouse user add|list|remove|passwd|disable|enable`. @returns the exit code */
export async function user(args: readonly string[], console: Console): Promise<number> {
  const [name = "", ...rest] = args;
  const action = Object.hasOwn(ACTIONS, name) ? ACTIONS[name] : undefined;
  if (action === undefined) {
    console.complain(`Usage: deno task gatehouse user ${Object.keys(ACTIONS).join("|")}`);
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

async function add(args: readonly string[], { accounts: { users } }: AccountRooms, console: Console): Promise<number> {
  const given = readArguments(args, {
    usage: `gatehouse user add <name> [--admin] [--email ADDRESS] [--password-stdin] ${LIMIT_USAGE}`,
    words: 1,
    flags: ["admin", "password-stdin"],
    values: ["email", ...LIMIT_FLAGS],
  });
  const limits = limitsOf(given);
  const [username = ""] = given.words;
  const password = await askPassword(console, given.has("password-stdin"));
  const role = given.has("admin") ? "admin" : "user";
  const { id } = await users.create({ username, email: given.value("email"), password, role });
  if (Object.keys(limits).length > 0) await users.change(id, limits);
  console.say(`Added ${role === "admin" ? "the administrator" : "the user"} ${username} (${id}).`);
  return 0;
}

async function list(args: readonly string[], { accounts: { users } }: AccountRooms, console: Console): Promise<number> {
  const given = readArguments(args, { usage: "gatehouse user list [--json]", words: 0, flags: ["json"] });
  const all = await allOf((page) => users.list(page));
  if (given.has("json")) {
    console.say(JSON.stringify(all, null, 2));
    return 0;
  }
  const rows = all.map((user) => [
    user.username,
    user.role,
    user.disabled ? "disabled" : "active",
    limitsText(user.limits),
    user.models?.join(",") ?? "all",
    dayText(user.createdAt),
    user.id,
  ]);
  if (rows.length === 0) {
    console.say("There are no users yet; `deno task gatehouse user add <name> --admin` makes one.");
  } else {for (const line of table(["NAME", "ROLE", "STATE", "LIMITS", "MODELS", "SINCE", "ID"], rows)) {
      console.say(line);
    }}
  return 0;
}

async function remove(args: readonly string[], { accounts }: AccountRooms, console: Console): Promise<number> {
  const given = readArguments(args, { usage: "gatehouse user remove <name>", words: 1 });
  const { id, username } = await userNamed(accounts, given.words[0] ?? "");
  await accounts.users.remove(id);
  console.say(`Removed ${username} with all keys and logins. What was used stays in the books.`);
  return 0;
}

async function passwd(args: readonly string[], { accounts }: AccountRooms, console: Console): Promise<number> {
  const given = readArguments(args, {
    usage: "gatehouse user passwd <name> [--password-stdin]",
    words: 1,
    flags: ["password-stdin"],
  });
  const { id, username } = await userNamed(accounts, given.words[0] ?? "");
  await accounts.users.setPassword(id, await askPassword(console, given.has("password-stdin")));
  console.say(`${username} has a new password; whoever was logged in by the old one must log in again.`);
  return 0;
}

async function setDisabled(
  action: "disable" | "enable",
  args: readonly string[],
  { accounts }: AccountRooms,
  console: Console,
): Promise<number> {
  const given = readArguments(args, { usage: `gatehouse user ${action} <name>`, words: 1 });
  const { id, username } = await userNamed(accounts, given.words[0] ?? "");
  await accounts.users.change(id, { disabled: action === "disable" });
  console.say(
    action === "disable" ? `${username} is refused from now on, keys included.` : `${username} may pass again.`,
  );
  return 0;
}
