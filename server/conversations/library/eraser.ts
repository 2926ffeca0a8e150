import type { Clock } from "../../effects/mod.ts";
import type { ListOptions, Store } from "../../storage/mod.ts";
import { AGAIN, insist } from "./insist.ts";
import { AT } from "./keys.ts";
import { sessionState, sessionValue } from "./session_record.ts";

/** What an {@linkcode Eraser} needs. */
export interface EraserOptions {
  /** Where everything lies. */
  readonly store: Store;
  /** Spreads tries. */
  readonly clock: Clock;
  /** Spreads tries; from 0 up to 1. @default {Math.random} */
  readonly random?: () => number;
}

const DELETES_AT_ONCE = 500;

/** What says that a user is gone outlasts every request of theirs that is still under way, in milliseconds. */
const GONE_FOR = 24 * 3_600_000;

/**
 * Erases sessions, and what sessions hide. What is to go is decided by one commit that leaves a mark; the rest follows in
 * commits of at most 500 deletes, and may be begun again at any point.
 */
export class Eraser {
  readonly #store: Store;
  readonly #tries: Required<Pick<EraserOptions, "clock" | "random">>;
  /** What is being erased by now, by session. */
  readonly #running = new Map<string, Promise<void>>();

  constructor({ store, clock, random = Math.random }: EraserOptions) {
    this.#store = store;
    this.#tries = { clock, random };
  }

  /**
   * Makes a session unseen and marks it.
   *
   * @returns false: there was none
   * @throws {GatehouseError} `storage_unavailable`
   */
  async begin(userId: string, sessionId: string): Promise<boolean> {
    const key = AT.session(userId, sessionId);
    let tried = false;
    return await insist(this.#tries, async () => {
      const entry = await this.#store.get(key);
      if (entry === null) return tried;
      tried = true;
      const version = await this.#store.commit({
        checks: [{ key, version: entry.version }],
        puts: [{ key: AT.erasing(userId, sessionId), value: { v: 1 } }],
        deletes: [key, AT.turn(sessionId), AT.stop(sessionId)],
      });
      return version === null ? AGAIN : true;
    });
  }

  /**
   * Erases what a mark stands for: what the session hides, or all that was in it once its record is gone.
   *
   * @throws {GatehouseError} `storage_unavailable`; the mark stays
   */
  async finish(userId: string, sessionId: string): Promise<void> {
    const running = this.#running.get(sessionId);
    if (running !== undefined) return await running;
    const work = this.#finish(userId, sessionId).finally(() => this.#running.delete(sessionId));
    this.#running.set(sessionId, work);
    await work;
  }

  /** Waits for what is being erased in the background. Never rejects. */
  async rest(): Promise<void> {
    await Promise.allSettled(this.#running.values());
  }

  /**
   * Erases all sessions of a user, and ends what was begun before. From the first moment on no session of theirs is made.
   *
   * @throws {GatehouseError} `storage_unavailable`
   */
  async allOf(userId: string): Promise<void> {
    const puts = [{ key: AT.gone(userId), value: { v: 1 }, expireIn: GONE_FOR }];
    await insist(this.#tries, async () => await this.#store.commit({ puts }) ?? AGAIN);
    for (;;) {
      const open = await this.#ids(AT.sessionsOf(userId));
      for (const id of open) await this.begin(userId, id);
      const marked = await this.#ids(AT.erasingsOf(userId));
      for (const id of marked) await this.finish(userId, id);
      if (open.length === 0 && marked.length === 0) return;
    }
  }

  /** Erases the drafts of a reply. @throws {GatehouseError} `storage_unavailable` */
  async drafts(sessionId: string, replyId: string): Promise<void> {
    await this.#under(AT.draftsOf(sessionId, replyId));
  }

  async #ids(prefix: Deno.KvKey): Promise<string[]> {
    const ids: string[] = [];
    for await (const { key } of this.#store.list(prefix, { limit: DELETES_AT_ONCE })) ids.push(String(key.at(-1)));
    return ids;
  }

  async #finish(userId: string, sessionId: string): Promise<void> {
    const key = AT.session(userId, sessionId);
    const mark = AT.erasing(userId, sessionId);
    await insist(this.#tries, async () => {
      const entry = await this.#store.get(key);
      if (entry === null) return await this.#all(sessionId, mark);
      const state = sessionState(userId, sessionId, entry.value);
      // Another version's: it knows what it hides.
      if (state === null) return null;
      const { hidden } = state;
      if (hidden !== null) {
        await this.#under(AT.messagesOf(sessionId), range(AT.messagesOf(sessionId), hidden));
        await this.#under(AT.allPartsOf(sessionId), range(AT.allPartsOf(sessionId), hidden));
      }
      const version = await this.#store.commit({
        checks: [{ key, version: entry.version }],
        puts: hidden === null ? [] : [{ key, value: sessionValue({ ...state, hidden: null }) }],
        deletes: [mark],
      });
      return version === null ? AGAIN : null;
    });
  }

  async #all(sessionId: string, mark: Deno.KvKey): Promise<null> {
    // First what allows parts to be written: none comes after it.
    await this.#under(AT.intentsOf(sessionId));
    await this.#under(AT.allPartsOf(sessionId));
    await this.#under(AT.messagesOf(sessionId));
    await this.#under(AT.allDraftsOf(sessionId));
    await this.#store.commit({ deletes: [AT.turn(sessionId), AT.stop(sessionId), mark] });
    return null;
  }

  async #under(prefix: Deno.KvKey, options: ListOptions = {}): Promise<void> {
    for (;;) {
      const deletes: Deno.KvKey[] = [];
      for await (const { key } of this.#store.list(prefix, { ...options, limit: DELETES_AT_ONCE })) deletes.push(key);
      if (deletes.length === 0) return;
      await this.#store.commit({ deletes });
    }
  }
}

function range(prefix: Deno.KvKey, { from, to }: { readonly from: string; readonly to: string }): ListOptions {
  return { start: [...prefix, from], end: [...prefix, to] };
}
