import type { Clock } from "../../effects/mod.ts";
import { GatehouseError } from "../../errors/mod.ts";
import type { Change, RandomBytes, Store } from "../../storage/mod.ts";
import type { Logger } from "../../telemetry/mod.ts";
import { changed, demandFields } from "./key_fields.ts";
import { type KeyPointer, pagePointers } from "./key_pages.ts";
import { AT, isKeyRecord, type KeyFacts, type KeyRecord } from "./key_record.ts";
import { digestOf, drawKey, startOf } from "./key_text.ts";
import type { ApiKey, Keys } from "./keys.ts";
import { openLastUsed } from "./last_used.ts";
import { createVerifier, hasExpired } from "./verifier.ts";

/** What {@linkcode openKeys} is made of. */
export interface OpenKeysOptions {
  /** Where the keys lie. */
  readonly store: Store;
  /** Judges expiry and ages copies. */
  readonly clock: Clock;
  /** Makes ULIDs, each greater than the last. */
  readonly newId: () => string;
  /** Hears of last uses that could not be written. */
  readonly log: Logger;
  /** For how long copies are served on while the store does not answer, in milliseconds. @default {30000} */
  readonly outlasts?: number;
  /** Draws the keys. @default {`crypto.getRandomValues`} */
  readonly random?: RandomBytes;
}

/** Four deletions for each: far below what one commit takes. */
const REVOKED_AT_ONCE = 100;

/** Opens the API keys of an install. */
export function openKeys(options: OpenKeysOptions): Keys {
  const { store, clock, newId, random = (length) => crypto.getRandomValues(new Uint8Array(length)) } = options;
  const lastUsed = openLastUsed(options);
  const verifier = createVerifier({ ...options, onUse: lastUsed.note });

  async function read(prefix: string): Promise<{ readonly record: KeyRecord; readonly version: string } | null> {
    const entry = await store.get(AT.record(prefix));
    return entry !== null && isKeyRecord(entry.value) ? { record: entry.value, version: entry.version } : null;
  }

  async function keyAt({ id, prefix }: KeyPointer): Promise<ApiKey | null> {
    const [found, lastUsedAt] = await Promise.all([read(prefix), lastUsed.read(id)]);
    return found && { ...found.record.facts, lastUsedAt };
  }

  async function prefixOfId(id: string): Promise<string | null> {
    const prefix = (await store.get(AT.id(id)))?.value;
    return typeof prefix === "string" ? prefix : null;
  }

  async function get(id: string): Promise<ApiKey | null> {
    const prefix = await prefixOfId(id);
    return prefix === null ? null : await keyAt({ id, prefix });
  }

  /** Copies are dropped after a failure too: the change may have happened. */
  async function commit(change: Change, prefixes: readonly string[]): Promise<boolean> {
    try {
      return await store.commit(change) !== null;
    } finally {
      for (const prefix of prefixes) verifier.drop(prefix);
    }
  }

  return {
    async create(wanted) {
      const createdAt = clock.now();
      demandFields(wanted, "create the key");
      if (hasExpired(wanted.expiresAt ?? null, createdAt)) {
        const message = "Cannot create the key: expires_at is in the past; name a later date";
        throw new GatehouseError("invalid_field", message, { param: "expires_at" });
      }
      for (;;) {
        const { prefix, secret } = drawKey(random);
        const id = newId();
        const facts = changed(unlimited({ id, userId: wanted.userId, start: startOf(prefix), createdAt }), wanted);
        const record: KeyRecord = { v: 1, hash: digestOf(secret.reveal()), facts };
        const made = await store.commit({
          checks: [{ key: AT.record(prefix), version: null }, { key: AT.id(id), version: null }],
          puts: [
            { key: AT.record(prefix), value: record },
            { key: AT.id(id), value: prefix },
            { key: AT.user(wanted.userId, id), value: prefix },
          ],
        });
        // Else the prefix is taken: another is drawn.
        if (made !== null) return { key: { ...facts, lastUsedAt: null }, secret };
      }
    },

    get,
    async usable(id) {
      const key = await get(id);
      return key === null || key.disabled || hasExpired(key.expiresAt, clock.now()) ? null : key;
    },

    async list(userId, page) {
      const { items, nextCursor } = await pagePointers(store, userId === null ? AT.all : AT.ofUser(userId), page);
      const keys = await Promise.all(items.map(keyAt));
      return { items: keys.filter((key) => key !== null), nextCursor };
    },

    async change(id, change) {
      demandFields(change, "change the key");
      const prefix = await prefixOfId(id);
      if (prefix === null) throw notFound("change");
      for (;;) {
        const [found, lastUsedAt] = await Promise.all([read(prefix), lastUsed.read(id)]);
        if (found === null) throw notFound("change");
        const key = AT.record(prefix);
        const facts = changed(found.record.facts, change);
        const next = { checks: [{ key, version: found.version }], puts: [{ key, value: { ...found.record, facts } }] };
        if (await commit(next, [prefix])) return { ...facts, lastUsedAt };
      }
    },

    async revoke(id) {
      const prefix = await prefixOfId(id);
      const found = prefix === null ? null : await read(prefix);
      if (prefix === null || found === null) throw notFound("revoke");
      await commit({ deletes: placesOf(found.record.facts.userId, { id, prefix }) }, [prefix]);
    },

    async revokeAllOf(userId) {
      for (;;) {
        const { items } = await pagePointers(store, AT.ofUser(userId), { limit: REVOKED_AT_ONCE, cursor: null });
        if (items.length === 0) return;
        const deletes = items.flatMap((pointer) => placesOf(userId, pointer));
        await commit({ deletes }, items.map(({ prefix }) => prefix));
      }
    },

    verify: verifier.verify,
    close: () => lastUsed.close(),
  };
}

function unlimited(made: Pick<KeyFacts, "id" | "userId" | "start" | "createdAt">): KeyFacts {
  const limits = { rpm: null, tpm: null, budget: null };
  return { ...made, name: "", models: null, limits, disabled: false, expiresAt: null };
}

function placesOf(userId: string, { id, prefix }: KeyPointer): Deno.KvKey[] {
  return [AT.record(prefix), AT.id(id), AT.user(userId, id), AT.used(id)];
}

function notFound(action: string): GatehouseError {
  return new GatehouseError("not_found", `Cannot ${action} the key: there is none with this id; GET /keys lists yours`);
}
