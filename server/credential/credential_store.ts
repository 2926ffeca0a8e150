import { GatehouseError } from "../errors/mod.ts";
import { Secret } from "../secrets/mod.ts";
import type { OAuthSettings } from "../settings/mod.ts";
import type { Change, Store, Vault } from "../storage/mod.ts";
import type { CredentialRecord } from "./record.ts";

/** A record with the version that a later write must find unchanged. */
export interface Stored {
  /** What is stored. */
  readonly record: CredentialRecord;
  /** What a later write must find. */
  readonly version: string;
}

/** What is checked and written in one commit with a credential. */
export type Along = Required<Pick<Change, "checks" | "puts">>;

/** The one place of one credential in the store. */
export interface CredentialStore {
  /** A name for locks, the same in every process that shares the credential. */
  readonly name: string;
  /** Null: there is none. @throws {UnsealError}, {GatehouseError} `storage_unavailable` */
  load(): Promise<Stored | null>;
  /** The version alone: cheap enough to ask every second. */
  version(): Promise<string | null>;
  /** Writes if the stored version is still `expected`. @returns the new version, or null when it was not */
  save(record: CredentialRecord, expected: string | null): Promise<string | null>;
  /**
   * Writes whatever is there: a login or a new seed replaces.
   *
   * @param along what must hold and is written in the same commit, asked anew for each try; what it throws ends the write
   */
  replace(record: CredentialRecord, along?: () => Promise<Along>): Promise<void>;
  /** Writes the record of a seed that was never adopted before, and remembers the seed in the same commit. */
  adopt(seed: Secret, record: CredentialRecord): Promise<boolean>;
  /** Forgets the credential; adopted seeds stay remembered. */
  forget(): Promise<void>;
  /** Removes the credential and every memory of its seeds: for a provider that ends with this process. */
  erase(): Promise<void>;
}

const ATTEMPTS = 10;
const ALONE: Along = { checks: [], puts: [] };

/**
 * Opens the place that belongs to this upstream, subject, token endpoint and client: a stored credential is found by no
 * other, so it can never be sent to another.
 *
 * @param subject whose credential it is; one is shared by all today
 */
export async function openCredentialStore(
  { store, vault, upstream, settings, subject = "shared" }: {
    readonly store: Store;
    readonly vault: Vault;
    readonly upstream: string;
    readonly settings: OAuthSettings;
    readonly subject?: string;
  },
): Promise<CredentialStore> {
  const place = await sha256([(settings.tokenUrl ?? settings.issuer)?.href ?? "", settings.clientId]);
  const key: Deno.KvKey = ["credential", upstream, subject, place];

  async function load(): Promise<Stored | null> {
    const entry = await store.get(key);
    if (entry === null) return null;
    // Authenticated by its seal: only this code wrote it.
    return { record: await vault.unseal(key, entry.value) as CredentialRecord, version: entry.version };
  }
  async function write(record: CredentialRecord, expected: string | null, along: Along): Promise<string | null> {
    return await store.commit({
      checks: [{ key, version: expected }, ...along.checks],
      puts: [{ key, value: await vault.seal(key, record) }, ...along.puts],
    });
  }
  return {
    name: `credential-${place.slice(0, 16)}-${(await sha256([upstream, subject])).slice(0, 8)}`,
    load,
    version: async () => (await store.get(key))?.version ?? null,
    save: (record, expected) => write(record, expected, ALONE),
    async replace(record, along = () => Promise.resolve(ALONE)) {
      for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
        const entry = await store.get(key);
        // A record that cannot be unsealed is never overwritten.
        if (entry !== null) await vault.unseal(key, entry.value);
        if (await write(record, entry?.version ?? null, await along()) !== null) return;
      }
      throw new GatehouseError(
        "storage_unavailable",
        "Cannot store the credential: other processes keep changing it; try again",
      );
    },
    async adopt(seed, record) {
      const seedKey: Deno.KvKey = ["credential_seed", upstream, subject, place, await vault.fingerprint(seed)];
      for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
        if (await store.get(seedKey) !== null) return false;
        const entry = await store.get(key);
        if (entry !== null) await vault.unseal(key, entry.value);
        const version = await store.commit({
          checks: [{ key: seedKey, version: null }, { key, version: entry?.version ?? null }],
          puts: [{ key: seedKey, value: { adoptedAt: record.obtainedAt } }, {
            key,
            value: await vault.seal(key, record),
          }],
        });
        if (version !== null) return true;
      }
      throw new GatehouseError(
        "storage_unavailable",
        "Cannot adopt OAUTH_REFRESH_TOKEN: other processes keep changing the store; try again",
      );
    },
    async forget() {
      await store.commit({ deletes: [key] });
    },
    async erase() {
      const deletes = [key];
      for await (const seed of store.list(["credential_seed", upstream, subject, place])) deletes.push(seed.key);
      await store.commit({ deletes });
    },
  };
}

async function sha256(parts: readonly string[]): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(JSON.stringify(parts)));
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
