import type { Clock, Timer } from "../../effects/mod.ts";
import type { LiveTurn } from "./live_turn.ts";

/** How long a turn can be joined after its end, in milliseconds. */
export const JOINABLE_FOR = 120_000;
/** The longest text of a turn that is kept for that, in UTF-8 bytes. */
const LONGEST = 4 * 1024 * 1024;
/** All of them together; the oldest go first. */
const ALL = 64 * 1024 * 1024;
/** What a turn weighs beside its text, about, and each piece of it: a model says a few letters at a time. */
const EACH = 1024;
const EACH_PIECE = 32;

/** Turns that ended a short while ago, by their reply. One that is gone from here is joined by what is stored of it. */
export class RecentTurns {
  readonly #clock: Clock;
  readonly #turns = new Map<string, { readonly turn: LiveTurn; readonly timer: Timer; readonly end: number }>();
  #bytes = 0;
  readonly #atMost: number;

  /** @param atMost bytes of all turns together */
  constructor(clock: Clock, atMost: number = ALL) {
    this.#clock = clock;
    this.#atMost = atMost;
  }

  /** A turn has ended. */
  add(turn: LiveTurn): void {
    if (!turn.isResumable || turn.log.bytes > LONGEST) return;
    const timer = this.#clock.setTimeout(() => this.#forget(turn.replyId), JOINABLE_FOR);
    this.#turns.set(turn.replyId, { turn, timer, end: this.#clock.monotonic() + JOINABLE_FOR });
    this.#bytes += weightOf(turn);
    for (const replyId of this.#turns.keys()) {
      if (this.#bytes <= this.#atMost) return;
      this.#forget(replyId);
    }
  }

  /** The turn of this reply; null: there is none any more. */
  get(sessionId: string, replyId: string): LiveTurn | null {
    const known = this.#turns.get(replyId);
    // A timer may come late: after a busy moment, or a computer's sleep.
    if (known === undefined || this.#clock.monotonic() >= known.end) return null;
    return known.turn.sessionId === sessionId ? known.turn : null;
  }

  /** Forgets all. */
  clear(): void {
    for (const replyId of [...this.#turns.keys()]) this.#forget(replyId);
  }

  #forget(replyId: string): void {
    const known = this.#turns.get(replyId);
    if (known === undefined) return;
    this.#clock.clearTimeout(known.timer);
    this.#turns.delete(replyId);
    this.#bytes -= weightOf(known.turn);
  }
}

function weightOf({ log }: LiveTurn): number {
  // In pieces, and whole in the message of the last event.
  return 2 * log.bytes + log.pieces * EACH_PIECE + EACH;
}
