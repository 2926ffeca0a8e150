import type { Clock } from "../../effects/mod.ts";
import type { Store } from "../../storage/mod.ts";
import type { Along } from "../credential_store.ts";

/** Where a login stands that was begun over the API. */
export type RemoteLoginState = "pending" | "done" | "denied" | "expired";

/** A login that was cancelled, here or by another process, or whose time is over: it must store nothing. */
export class NotWantedError extends Error {
  override readonly name = "NotWantedError";
}

/** The logins of all processes, as the store knows them. Every method may throw `storage_unavailable`. */
export interface LoginRecords {
  /** Notes a pending login. @param expiresIn milliseconds */
  begin(id: string, expiresIn: number): Promise<void>;
  /** Null: there is none, or it was cancelled or forgotten. */
  state(id: string): Promise<RemoteLoginState | null>;
  /** What turns a pending login into a done one in the commit that stores its credential. @throws {NotWantedError} */
  done(id: string): Promise<Along>;
  /** Ends a login without a credential; one that is not pending any more stays as it is. */
  fail(id: string, state: "denied" | "expired"): Promise<void>;
  /** Forgets a login; its process will notice. @returns whether there was one */
  remove(id: string): Promise<boolean>;
}

interface LoginRecord {
  readonly v: 1;
  readonly state: RemoteLoginState;
  /** Milliseconds since the epoch; a login that is pending then has expired, whatever became of its process. */
  readonly expiresAt: number;
}

/** How long a login's end can be read after the time that it had, in milliseconds. */
const KEPT = 60 * 60_000;
/** No provider's code is good for longer, in milliseconds. */
const LONGEST = 24 * 60 * 60_000;

export function createLoginRecords({ store, clock }: { readonly store: Store; readonly clock: Clock }): LoginRecords {
  const keyOf = (id: string): Deno.KvKey => ["login", id];

  async function read(id: string): Promise<{ readonly record: LoginRecord; readonly version: string } | null> {
    const entry = await store.get(keyOf(id));
    const record = entry === null ? null : readRecord(entry.value);
    if (entry === null || record === null || clock.now() >= record.expiresAt + KEPT) return null;
    const isOver = record.state === "pending" && clock.now() >= record.expiresAt;
    return { record: isOver ? { ...record, state: "expired" } : record, version: entry.version };
  }
  function put(id: string, record: LoginRecord): Along["puts"][number] {
    const expireIn = Math.max(1, Math.ceil(record.expiresAt + KEPT - clock.now()));
    return { key: keyOf(id), value: record, expireIn };
  }
  async function end(id: string, state: Exclude<RemoteLoginState, "pending">): Promise<Along | null> {
    const found = await read(id);
    if (found?.record.state !== "pending") return null;
    return {
      checks: [{ key: keyOf(id), version: found.version }],
      puts: [put(id, { ...found.record, state })],
    };
  }

  return {
    async begin(id, expiresIn) {
      const expiresAt = clock.now() + Math.min(expiresIn, LONGEST);
      await store.commit({ puts: [put(id, { v: 1, state: "pending", expiresAt })] });
    },
    state: async (id) => (await read(id))?.record.state ?? null,
    async done(id) {
      const along = await end(id, "done");
      if (along === null) throw new NotWantedError("The login was cancelled, or its time is over");
      return along;
    },
    async fail(id, state) {
      const change = await end(id, state);
      // A check that fails: it was cancelled in this moment, and nothing is left to say.
      if (change !== null) await store.commit(change);
    },
    async remove(id) {
      if (await read(id) === null) return false;
      await store.commit({ deletes: [keyOf(id)] });
      return true;
    },
  };
}

function readRecord(value: unknown): LoginRecord | null {
  if (typeof value !== "object" || value === null || !("state" in value) || !("expiresAt" in value)) return null;
  const { state, expiresAt } = value;
  if (state !== "pending" && state !== "done" && state !== "denied" && state !== "expired") return null;
  return typeof expiresAt === "number" ? { v: 1, state, expiresAt } : null;
}
