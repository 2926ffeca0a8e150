import type { Clock } from "../effects/mod.ts";
import { StorageStartError, type Store } from "../storage/mod.ts";

/** One installation of Gatehouse: all processes on one store. */
export interface Install {
  /** ULID; the issuer (`iss`) of its tokens. */
  readonly id: string;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
}

/** What {@linkcode openInstall} needs. */
export interface OpenInstallOptions {
  /** Where the install is kept. */
  readonly store: Store;
  /** Makes a ULID. */
  readonly newId: () => string;
  /** Dates the install. */
  readonly clock: Clock;
}

const KEY: Deno.KvKey = ["install"];

/**
 * Reads who this install is; a store that does not know is told. Of several processes exactly one makes it, and all use it.
 *
 * @throws {GatehouseError} `storage_unavailable`
 * @throws {StorageStartError} when what is stored there cannot be read: it is never overwritten
 */
export async function openInstall({ store, newId, clock }: OpenInstallOptions): Promise<Install> {
  const entry = await store.get(KEY);
  if (entry !== null) return demandInstall(entry.value);
  const install: Install = { id: newId(), createdAt: clock.now() };
  const made = await store.commit({
    checks: [{ key: KEY, version: null }],
    puts: [{ key: KEY, value: { v: 1, ...install } }],
  });
  if (made !== null) return install;
  // Another process was faster. Nothing ever removes the entry.
  return demandInstall((await store.get(KEY))?.value);
}

function demandInstall(value: unknown): Install {
  if (
    typeof value === "object" && value !== null && "id" in value && "createdAt" in value &&
    typeof value.id === "string" && value.id !== "" && typeof value.createdAt === "number"
  ) {
    return { id: value.id, createdAt: value.createdAt };
  }
  throw new StorageStartError(
    "The store's record of this install cannot be read: another version wrote it, or it is damaged. Restore the store from a backup.",
  );
}
