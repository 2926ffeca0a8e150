import { monotonicUlid } from "@std/ulid";
import { type Accounts, createPasswordHasher, openAccounts } from "../../accounts/mod.ts";
import { eraserOf } from "../../conversations/mod.ts";
import { systemClock } from "../../effects/mod.ts";
import type { Settings } from "../../settings/mod.ts";
import { openStore, openVault, type Store } from "../../storage/mod.ts";
import type { Logger } from "../../telemetry/mod.ts";
import type { Console } from "../console.ts";
import { commandLogger, processSettings } from "../process.ts";

/** What a command on accounts works with. */
export interface AccountRooms {
  readonly accounts: Accounts;
  readonly store: Store;
  readonly settings: Pick<Settings, "server">;
  readonly log: Logger;
}

/**
 * Opens the accounts on the server's own store, runs the command, and closes them. A running server is not disturbed:
 * it sees what has changed within a second.
 *
 * @returns the command's exit code; 1 when the settings have faults
 */
export async function withAccounts(console: Console, run: (rooms: AccountRooms) => Promise<number>): Promise<number> {
  const settings = processSettings(console);
  if (settings === null) return 1;
  const log = commandLogger();
  const store = await openStore({ settings: settings.storage, clock: systemClock, log });
  try {
    const accounts = await openAccounts({
      settings: settings.accounts,
      isRemote: settings.storage.kvUrl !== null,
      store,
      vault: await openVault({ settings: settings.storage, log }),
      clock: systemClock,
      log,
      newId: () => monotonicUlid(systemClock.now()),
      hasher: createPasswordHasher({ worker: null, clock: systemClock, log }),
      erasers: [eraserOf({ store, clock: systemClock })],
    });
    try {
      return await run({ accounts, store, settings, log });
    } finally {
      await accounts.close();
    }
  } finally {
    store.close();
    await log.close();
  }
}
