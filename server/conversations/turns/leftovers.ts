import type { Clock } from "../../effects/mod.ts";
import type { Logger } from "../../telemetry/mod.ts";
import type { Library, Opened } from "../library/library.ts";
import { Beat } from "./beat.ts";
import { hasCode } from "./has_code.ts";

/** How often what could not be stored is tried again, in milliseconds. */
const AGAIN_AFTER = 5_000;

/**
 * Turns that hold their sessions though nothing runs: the store failed at their end, or whether they were begun is not
 * known. They are ended in the background, and by whoever meets one first.
 */
export class Leftovers {
  readonly #library: Library;
  readonly #again: Beat;
  /** By the user's message, or by the session where no message is known. */
  readonly #open = new Map<string, () => Promise<unknown>>();

  constructor({ library, clock, log }: { readonly library: Library; readonly clock: Clock; readonly log: Logger }) {
    this.#library = library;
    this.#again = new Beat({
      clock,
      every: AGAIN_AFTER,
      work: () => this.#endAll(),
      log,
      failure: "turns whose end could not be stored are still open",
    });
  }

  /** One is left. @param id its user's message, or the session @param end ends it; `not_found`: it is no more */
  add(id: string, end: () => Promise<unknown>): void {
    this.#open.set(id, end);
    this.#again.start();
  }

  /** Ends the turn that holds a session and that nobody runs. @throws {GatehouseError} `storage_unavailable` */
  async end(userId: string, { session, running }: Opened): Promise<void> {
    if (running === null) return;
    const known = this.#open.get(running.messageId);
    if (known !== undefined) return await this.#end(running.messageId, known);
    const message = await this.#library.message(session, running.messageId);
    if (message === null) return;
    const turn = { userId, session, message, replyId: running.replyId };
    const model = session.settings.model ?? session.lastModel ?? "default";
    await this.#end(running.messageId, () => this.#library.finish(turn, { ...NOTHING_SAID, model }));
  }

  /** Leaves the rest to whoever meets it once this process is gone. */
  async close(): Promise<void> {
    await this.#again.rest();
    this.#open.clear();
  }

  async #endAll(): Promise<void> {
    const results = await Promise.allSettled([...this.#open].map(([id, end]) => this.#end(id, end)));
    for (const result of results) if (result.status === "rejected") throw result.reason;
  }

  /** What fails for another reason than the store will not do better the next time. */
  async #end(id: string, end: () => Promise<unknown>): Promise<void> {
    try {
      await end();
    } catch (error) {
      if (hasCode(error, "storage_unavailable")) throw error;
      this.#forget(id);
      if (!hasCode(error, "not_found")) throw error;
    }
    this.#forget(id);
  }

  #forget(id: string): void {
    this.#open.delete(id);
    if (this.#open.size === 0) this.#again.rest();
  }
}

/** No model was asked. */
const NOTHING_SAID = {
  text: "",
  toolCalls: [],
  status: "failed",
  finishReason: null,
  bill: null,
  historyFrom: null,
} as const;
