import type { Change, Entry, Store, Vault } from "../../storage/mod.ts";
import { UnsealError } from "../../storage/mod.ts";

/** A store in a map: answers in microtasks, as {@linkcode QuickClock} needs it. */
export function mapStore(): Store {
  const entries = new Map<string, Entry<unknown>>();
  let versions = 0;
  const name = (key: Deno.KvKey) => JSON.stringify(key);
  const version = (key: Deno.KvKey) => entries.get(name(key))?.version ?? null;
  return {
    // The caller says what it stored there.
    get: <T>(key: Deno.KvKey) => Promise.resolve((entries.get(name(key)) ?? null) as Entry<T> | null),
    async *list<T>(): AsyncIterable<Entry<T>> {
      yield* entries.values() as Iterable<Entry<T>>; // as above
    },
    commit({ checks = [], puts = [], deletes = [] }: Change) {
      if (checks.some((check) => version(check.key) !== check.version)) return Promise.resolve(null);
      const next = String(++versions).padStart(8, "0");
      for (const { key, value } of puts) entries.set(name(key), { key, value, version: next });
      for (const key of deletes) entries.delete(name(key));
      return Promise.resolve(next);
    },
    close() {},
  };
}

/** A vault without cryptography: bound to the KV key, unreadable at a glance, and in microtasks. */
export function quickVault(): Vault {
  return {
    seal(key, value) {
      const data = veil(new TextEncoder().encode(JSON.stringify([key, value])));
      return Promise.resolve({ kid: "00000000", iv: new Uint8Array(12), data });
    },
    unseal(key, record) {
      const { data } = record as { data: Uint8Array<ArrayBuffer> }; // written by seal, or damaged by a test
      try {
        const [sealedKey, value] = JSON.parse(new TextDecoder().decode(veil(data)));
        if (JSON.stringify(sealedKey) === JSON.stringify(key)) return Promise.resolve(value);
      } catch {
        // Told below.
      }
      return Promise.reject(new UnsealError("damaged", "Cannot open a stored secret: the test damaged it"));
    },
    fingerprint: (secret) => Promise.resolve(`fingerprint-${secret.fingerprint}`),
  };
}

function veil(bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  return bytes.map((byte) => byte ^ 0xa5);
}
