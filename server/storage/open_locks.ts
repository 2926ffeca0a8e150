import type { Clock } from "../effects/mod.ts";
import type { StorageSettings } from "../settings/mod.ts";
import { openFileLocks } from "./file_locks.ts";
import { openLeaseLocks } from "./lease_locks.ts";
import type { Locks } from "./locks.ts";
import type { Store } from "./store.ts";

/** What {@linkcode openLocks} needs. */
export interface OpenLocksOptions {
  /** Which store it is. */
  readonly settings: Pick<StorageSettings, "dataDir" | "kvUrl">;
  /** Holds the leases when it is remote. */
  readonly store: Store;
  /** Times the waiting. */
  readonly clock: Clock;
  /** Spreads the polls; from 0 up to 1. @default {Math.random} */
  readonly random?: () => number;
  /** Names this process among all on a remote store. @default {crypto.randomUUID()} */
  readonly owner?: string;
}

/**
 * The locks that fit the store: the operating system's for a file on this machine, leases for a remote KV.
 *
 * @throws {StorageStartError} when `DATA_DIR` cannot be used
 */
export async function openLocks(options: OpenLocksOptions): Promise<Locks> {
  const { settings, store, clock, random = Math.random, owner = crypto.randomUUID() } = options;
  return settings.kvUrl === null
    ? await openFileLocks({ dir: settings.dataDir, clock, random })
    : openLeaseLocks({ store, clock, random, owner });
}
