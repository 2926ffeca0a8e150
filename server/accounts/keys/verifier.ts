import { timingSafeEqual } from "node:crypto";
import type { Clock } from "../../effects/mod.ts";
import { GatehouseError } from "../../errors/mod.ts";
import type { Secret } from "../../secrets/mod.ts";
import type { Store } from "../../storage/mod.ts";
import { createFresh, OUTLASTS } from "../fresh.ts";
import { AT, isKeyRecord } from "./key_record.ts";
import { digestOf, prefixOf } from "./key_text.ts";
import type { ApiKey } from "./keys.ts";

/** Judges keys that are shown. */
export interface Verifier {
  /** @throws {GatehouseError} `invalid_api_key`, `storage_unavailable` */
  verify(shown: Secret): ApiKey | Promise<ApiKey>;
  /** This process has changed the key of that prefix. */
  drop(prefix: string): void;
}

/** What {@linkcode createVerifier} is made of. */
export interface VerifierOptions {
  readonly store: Store;
  readonly clock: Clock;
  /** For how long copies are served on while the store does not answer, in milliseconds. @default {30000} */
  readonly outlasts?: number;
  /** Hears of each use that was let pass. */
  readonly onUse: (id: string) => void;
}

/** A key as it is kept in memory: nothing in it opens anything. */
interface Copy {
  readonly hash: Uint8Array;
  readonly key: ApiKey;
}

/** Compared with where there is no key, so that this refusal does the same work. */
const NO_HASH = new Uint8Array(32);

/** Judges keys by copies of their records. */
export function createVerifier({ store, clock, outlasts = OUTLASTS, onUse }: VerifierOptions): Verifier {
  const copies = createFresh<Copy>({
    clock,
    outlasts,
    async load(prefix) {
      const record = (await store.get(AT.record(prefix)))?.value;
      if (!isKeyRecord(record)) return null;
      // Only its use brings a key here, and a copy lives for seconds: the use is now.
      return { hash: record.hash, key: { ...record.facts, lastUsedAt: clock.now() } };
    },
  });

  function judge(prefix: string, digest: Uint8Array, copy: Copy | null): ApiKey {
    const same = timingSafeEqual(digest, copy?.hash ?? NO_HASH);
    // Copies of nothing would push those of keys out: whoever guesses prefixes would cost everybody a read.
    if (copy === null) copies.drop(prefix);
    if (copy === null || !same || copy.key.disabled || hasExpired(copy.key.expiresAt, clock.now())) throw badKey();
    onUse(copy.key.id);
    return copy.key;
  }

  return {
    verify(shown) {
      const text = shown.reveal();
      const prefix = prefixOf(text);
      if (prefix === null) throw badKey();
      const digest = digestOf(text);
      const copy = copies.get(prefix);
      return copy instanceof Promise ? copy.then((read) => judge(prefix, digest, read)) : judge(prefix, digest, copy);
    },
    drop: (prefix) => copies.drop(prefix),
  };
}

/** Whether a key that ends at `expiresAt` has ended. */
export function hasExpired(expiresAt: number | null, now: number): boolean {
  return expiresAt !== null && expiresAt <= now;
}

/** The same for every refusal: whoever guesses learns nothing from it. */
export function badKey(): GatehouseError {
  return new GatehouseError(
    "invalid_api_key",
    "Cannot answer this request: the API key is unknown, expired or revoked; use one that is valid",
  );
}
