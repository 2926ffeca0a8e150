import type { Clock } from "../../effects/mod.ts";
import type { Logger } from "../../telemetry/mod.ts";
import type { Library } from "../library/library.ts";
import { Beat } from "./beat.ts";
import type { LiveTurn } from "./live_turn.ts";

/** How often what replies have said is kept, in milliseconds: a process that dies loses no more. */
const KEEP_EVERY = 1_000;

/**
 * The turns that run in this process, by session. While there are any, one call for all of them keeps their drafts, and
 * one asks who is to be stopped.
 */
export class RunningTurns {
  readonly #library: Pick<Library, "keep" | "asked">;
  readonly #turns = new Map<string, LiveTurn>();
  readonly #beats: readonly Beat[];

  constructor(
    { library, askEvery, clock, log }: {
      readonly library: Pick<Library, "keep" | "asked">;
      /** How often it is asked whether others want a turn stopped, in milliseconds. */
      readonly askEvery: number;
      readonly clock: Clock;
      readonly log: Logger;
    },
  ) {
    this.#library = library;
    this.#beats = [
      new Beat({
        clock,
        every: KEEP_EVERY,
        work: () => this.#keep(),
        log,
        failure: "replies under way cannot be kept for the case of a crash",
      }),
      new Beat({
        clock,
        every: askEvery,
        work: () => this.#hear(),
        log,
        failure: "wishes to stop a turn cannot be read",
      }),
    ];
  }

  /** The one in a session. */
  get(sessionId: string): LiveTurn | undefined {
    return this.#turns.get(sessionId);
  }

  /** All of them. */
  [Symbol.iterator](): Iterator<LiveTurn> {
    return this.#turns.values();
  }

  /** One has begun. */
  add(turn: LiveTurn): void {
    this.#turns.set(turn.sessionId, turn);
    for (const beat of this.#beats) beat.start();
  }

  /** One has ended. */
  remove(turn: LiveTurn): void {
    if (this.#turns.get(turn.sessionId) === turn) this.#turns.delete(turn.sessionId);
    if (this.#turns.size === 0) { for (const beat of this.#beats) beat.rest(); }
  }

  /** Waits for what is under way. */
  async close(): Promise<void> {
    await Promise.all(this.#beats.map((beat) => beat.rest()));
  }

  async #keep(): Promise<void> {
    const turns = [...this.#turns.values()];
    const drafts = turns.flatMap((turn) => turn.draft() ?? []);
    if (drafts.length === 0) return;
    const over = await this.#library.keep(drafts.map(({ draft }) => draft));
    for (const { kept } of drafts) kept();
    // Its session was deleted, or another process took this one for dead: what it says is stored no more.
    for (const turn of turns) if (over.has(turn.messageId)) turn.stop();
  }

  async #hear(): Promise<void> {
    for (const [sessionId, messageId] of await this.#library.asked()) {
      const turn = this.#turns.get(sessionId);
      if (turn?.messageId === messageId) turn.stop();
    }
  }
}
