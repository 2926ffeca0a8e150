import { GatehouseError } from "../errors/mod.ts";
import { LIMIT_FLAGS, LIMIT_USAGE, limitsOf } from "./accounts/arguments.ts";
import { askPassword } from "./accounts/ask_password.ts";
import { type AccountAction, type AccountCommand, runCommand } from "./accounts/command.ts";
import { userJson } from "./accounts/json.ts";
import { allOf, userNamed } from "./accounts/named.ts";
import { dayText, limitsText, modelsText } from "./accounts/show.ts";
import { table } from "./accounts/table.ts";
import type { Console } from "./console.ts";

/** `gatehouse user add|list|remove|passwd|disable|enable`. @returns the exit code */
export async function user(args: readonly string[], console: Console): Promise<number> {
  return await runCommand(USER, args, console);
}

const add: AccountCommand = {
  usage: ["user add <name> [--admin] [--email ADDRESS] [--password-stdin]", LIMIT_USAGE],
  does: "make an account; the password is asked for, or the first line of standard input",
  words: 1,
  flags: ["admin", "password-stdin"],
  values: ["email", ...LIMIT_FLAGS],
  prepare(given) {
    const limits = limitsOf(given);
    const [username = ""] = given.words;
    const role = given.has("admin") ? "admin" : "user";
    return async ({ accounts: { users } }, console) => {
      if (await users.find(username) !== null) {
        // Before anybody types a password twice for nothing.
        throw new GatehouseError("username_taken", `There is a user ${username} already; nothing was changed.`);
      }
      const password = await askPassword(given.has("password-stdin"));
      await users.create({ username, email: given.value("email"), password, role, ...limits });
      console.say(`Added the ${role === "admin" ? "administrator" : "user"} ${username}.`);
      return 0;
    };
  },
};

const list: AccountCommand = {
  usage: ["user list [--json]"],
  does: "all accounts, with what they may use",
  words: 0,
  flags: ["json"],
  prepare: (given) => async ({ accounts: { users } }, console) => {
    const all = await allOf((page) => users.list(page));
    if (given.has("json")) {
      console.say(JSON.stringify(all.map(userJson), null, 2));
      return 0;
    }
    const rows = all.map((user) => [
      user.username,
      user.role,
      user.disabled ? "disabled" : "active",
      limitsText(user.limits),
      modelsText(user.models),
      dayText(user.createdAt),
    ]);
    if (rows.length === 0) {
      console.say("There are no users yet; `deno task gatehouse user add <name> --admin` makes one.");
      return 0;
    }
    for (const line of table(["NAME", "ROLE", "STATE", "LIMITS", "MODELS", "SINCE"], rows)) console.say(line);
    return 0;
  },
};

const remove: AccountCommand = {
  usage: ["user remove <name>"],
  does: "delete an account with its keys and logins; what it used stays in the books",
  words: 1,
  prepare: ({ words: [name = ""] }) => async ({ accounts }, console) => {
    const { id, username } = await userNamed(accounts, name);
    await accounts.users.remove(id);
    console.say(`Removed ${username} with all keys and logins. What was used stays in the books.`);
    return 0;
  },
};

const passwd: AccountCommand = {
  usage: ["user passwd <name> [--password-stdin]"],
  does: "set a new password, which ends all logins of the user",
  words: 1,
  flags: ["password-stdin"],
  prepare: (given) => async ({ accounts }, console) => {
    const { id, username } = await userNamed(accounts, given.words[0] ?? "");
    await accounts.users.setPassword(id, await askPassword(given.has("password-stdin")));
    console.say(`${username} has a new password and must log in anew everywhere; keys stay good.`);
    return 0;
  },
};

const disable: AccountCommand = {
  usage: ["user disable <name>"],
  does: "refuse the user and the user's keys, within a second",
  words: 1,
  prepare: ({ words: [name = ""] }) => setDisabled(name, true),
};

const enable: AccountCommand = {
  usage: ["user enable <name>"],
  does: "let the user pass again",
  words: 1,
  prepare: ({ words: [name = ""] }) => setDisabled(name, false),
};

function setDisabled(name: string, disabled: boolean): AccountAction {
  return async ({ accounts }, console) => {
    const { id, username } = await userNamed(accounts, name);
    await accounts.users.change(id, { disabled });
    console.say(
      disabled
        ? `${username} is disabled: within a second every server refuses this user and the user's keys.`
        : `${username} may pass again.`,
    );
    return 0;
  };
}

/** What each word after `gatehouse user` does. */
export const USER: Readonly<Record<string, AccountCommand>> = { add, list, remove, passwd, disable, enable };
