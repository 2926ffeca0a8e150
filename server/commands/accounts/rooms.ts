import { monotonicUlid } from "@std/ulid";
import { type Accounts, openAccounts, type Page, type PageOptions, type User } from "../../accounts/mod.ts";
import { systemClock } from "../../effects/mod.ts";
import type { Settings } from "../../settings/mod.ts";
import { openStore, openVault, type Store } from "../../storage/mod.ts";
import type { Logger } from "../../telemetry/mod.ts";
import type { Console } from "../console.ts";
import { commandLogger, processSettings } from "../process.ts";
import { UsageError } from "./arguments.ts";

/** What a command on accounts works with. */
export interface AccountRooms {
  readonly accounts: Accounts;
  readonly store: Store;
  readonly settings: Settings;
  readonly log: Logger;
}

/**
 * Opens the accounts on the server's own store, runs the command, and closes them. A running server is not disturbed:
 * it sees what has changed within a second.
 *
 * @returns the command's exit code; 1 when the settings have faults, 2 for arguments that it does not take
 */
export async function withAccounts(console: Console, run: (rooms: AccountRooms) => Promise<number>): Promise<number> {
  const settings = processSettings(console);
  if (settings === null) return 1;
  const log = commandLogger();
  const store = await openStore({ settings: settings.storage, clock: systemClock, log });
  try {
    const accounts = await openAccounts({
      settings: settings.accounts,
      store,
      vault: await openVault({ settings: settings.storage, log }),
      clock: systemClock,
      log,
      newId: () => monotonicUlid(systemClock.now()),
      passwordWorker: null,
    });
    try {
      return await run({ accounts, store, settings, log });
    } finally {
      await accounts.close();
    }
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    console.complain(error.message);
    return 2;
  } finally {
    store.close();
    await log.close();
  }
}

/** The user that a name stands for. @throws {UsageError} when there is none */
export async function userNamed({ users }: Accounts, name: string): Promise<User> {
  const user = await users.find(name);
  if (user !== null) return user;
  throw new UsageError(`There is no user ${JSON.stringify(name)}; \`deno task gatehouse user list\` shows all`);
}

/** All pages of a list. */
export async function allOf<T>(page: (options: PageOptions) => Promise<Page<T>>): Promise<T[]> {
  const items: T[] = [];
  let cursor: string | null = null;
  do {
    const { items: more, nextCursor }: Page<T> = await page({ limit: 200, cursor });
    items.push(...more);
    cursor = nextCursor;
  } while (cursor !== null);
  return items;
}
