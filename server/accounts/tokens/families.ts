import type { Clock } from "../../effects/mod.ts";
import type { Change, Store } from "../../storage/mod.ts";
import { createFresh } from "../fresh.ts";
import { type Family, familyOf } from "./family.ts";

/** A family with the version that a rotation checks. */
export interface StoredFamily {
  readonly id: string;
  readonly family: Family;
  readonly version: string;
}

/** The logins of an install, in the store. Every method may throw `storage_unavailable`. */
export interface Families {
  /** Stores a new family. */
  create(id: string, family: Family): Promise<void>;
  /** Reads a family; null: it was revoked, has expired, or never was. */
  read(id: string): Promise<StoredFamily | null>;
  /** A copy that is less than a second old, at once where there is one. */
  current(id: string): Family | null | Promise<Family | null>;
  /** Makes `next` of what was read; false: another process has changed it meanwhile. */
  rotate(read: StoredFamily, next: Family): Promise<boolean>;
  /** Ends a family for good, at once in this process and within a second elsewhere. */
  revoke(id: string, userId: string): Promise<void>;
  /** Ends all families of a user; what a crash leaves over, another call ends. */
  revokeAllOf(userId: string): Promise<void>;
}

/** Two deletions each: far below what one commit may hold. */
const REVOKED_AT_ONCE = 200;

/** Keeps families in the store, with an index by user. */
export function createFamilies({ store, clock, outlasts }: {
  readonly store: Store;
  readonly clock: Clock;
  /** For how long copies are served on while the store does not answer, in milliseconds. */
  readonly outlasts: number;
}): Families {
  const copies = createFresh({ clock, load: async (id) => (await read(id))?.family ?? null, outlasts });

  async function read(id: string): Promise<StoredFamily | null> {
    const entry = await store.get(familyKey(id));
    const family = familyOf(entry?.value);
    if (entry === null || family === null || family.expiresAt <= clock.now()) return null;
    return { id, family, version: entry.version };
  }

  function put(id: string, family: Family): Required<Pick<Change, "puts">> {
    const expireIn = family.expiresAt - clock.now();
    return {
      puts: [
        { key: familyKey(id), value: { v: 1, ...family }, expireIn },
        { key: indexKey(family.userId, id), value: { v: 1 }, expireIn },
      ],
    };
  }

  async function remove(ids: readonly string[], userId: string): Promise<void> {
    try {
      await store.commit({ deletes: ids.flatMap((id) => [familyKey(id), indexKey(userId, id)]) });
    } finally {
      // Whether it happened may be unknown: then the store is asked.
      for (const id of ids) copies.drop(id);
    }
  }

  return {
    async create(id, family) {
      await store.commit(put(id, family));
    },
    read,
    current: (id) => copies.get(id),
    async rotate({ id, version }, next) {
      return await store.commit({ checks: [{ key: familyKey(id), version }], ...put(id, next) }) !== null;
    },
    revoke: (id, userId) => remove([id], userId),
    async revokeAllOf(userId) {
      for (;;) {
        const ids: string[] = [];
        for await (const { key } of store.list([...INDEX, userId], { limit: REVOKED_AT_ONCE })) {
          ids.push(String(key.at(-1)));
        }
        if (ids.length === 0) return;
        await remove(ids, userId);
      }
    },
  };
}

const INDEX: Deno.KvKey = ["token_family_of"];

function familyKey(id: string): Deno.KvKey {
  return ["token_family", id];
}

function indexKey(userId: string, id: string): Deno.KvKey {
  return [...INDEX, userId, id];
}
