import { isOpen, LOCAL_USER_ID } from "../accounts/mod.ts";
import { expiryOf, LIMIT_FLAGS, LIMIT_USAGE, limitsOf, UsageError } from "./accounts/arguments.ts";
import { type AccountCommand, runCommand } from "./accounts/command.ts";
import { keyJson } from "./accounts/json.ts";
import { allOf, keyNamed, userIdNamed } from "./accounts/named.ts";
import { dayText, limitsText, modelsText, timeText } from "./accounts/show.ts";
import { table } from "./accounts/table.ts";
import type { Console } from "./console.ts";

/** `gatehouse key create|list|revoke`. @returns the exit code */
export async function key(args: readonly string[], console: Console): Promise<number> {
  return await runCommand(KEY, args, console);
}

const create: AccountCommand = {
  usage: ["key create <key's name> [--user NAME] [--expires 30d|12h|DATE]", LIMIT_USAGE],
  does: "make an API key and print it, this once",
  words: 1,
  values: ["user", "expires", ...LIMIT_FLAGS],
  prepare(given) {
    const limits = limitsOf(given);
    const expires = given.value("expires");
    const expiresAt = expires === null ? null : expiryOf(expires, Date.now());
    const owner = given.value("user") ?? LOCAL_USER_ID;
    return async ({ accounts, settings: { server } }, console) => {
      if (owner === LOCAL_USER_ID && !isOpen({ auth: server.auth, bind: server.host })) {
        throw new UsageError("This server is not open to its machine, so a key needs an account: add --user NAME");
      }
      const userId = await userIdNamed(accounts, owner);
      const { key, secret } = await accounts.keys.create({ userId, name: given.words[0] ?? "", ...limits, expiresAt });
      // Alone on standard output, so that a script can take it.
      console.say(secret.reveal());
      console.complain("");
      console.complain(`The key is shown this once. To revoke it: deno task gatehouse key revoke ${key.start}`);
      if (owner !== LOCAL_USER_ID) return 0;
      console.complain("It has no account, so it is good only while the server is open to its machine;");
      console.complain("--user NAME makes a key of an account.");
      return 0;
    };
  },
};

const list: AccountCommand = {
  usage: ["key list [--user NAME] [--json]"],
  does: "all keys, or those of one user",
  words: 0,
  flags: ["json"],
  values: ["user"],
  prepare: (given) => async ({ accounts }, console) => {
    const owner = given.value("user");
    const userId = owner === null ? null : await userIdNamed(accounts, owner);
    const all = await allOf((page) => accounts.keys.list(userId, page));
    if (given.has("json")) {
      console.say(JSON.stringify(all.map(keyJson), null, 2));
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
      modelsText(key.models),
      dayText(key.expiresAt),
      timeText(key.lastUsedAt),
    ]);
    if (rows.length === 0) {
      console.say("There are no keys yet; `deno task gatehouse key create <name>` makes one.");
      return 0;
    }
    const head = ["NAME", "KEY", "USER", "STATE", "LIMITS", "MODELS", "EXPIRES", "LAST USED (UTC)"];
    for (const line of table(head, rows)) console.say(line);
    return 0;
  },
};

const revoke: AccountCommand = {
  usage: ["key revoke <key>"],
  does: "end a key for good; <key> is what the list shows of it, or its id",
  words: 1,
  prepare: ({ words: [name = ""] }) => async ({ accounts }, console) => {
    const key = await keyNamed(accounts, name);
    await accounts.keys.revoke(key.id);
    console.say(`Revoked ${key.name} (${key.start}…): within a second every server refuses it.`);
    return 0;
  },
};

/** What each word after `gatehouse key` does. */
export const KEY: Readonly<Record<string, AccountCommand>> = { create, list, revoke };
