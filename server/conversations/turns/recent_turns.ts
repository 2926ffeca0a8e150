import type { Clock, Timer } from "../../effects/mod.ts";
import type { LiveTurn } from "./live_turn.ts";

/** How long a turn can be joined after its end, in milliseconds. */
export const JOINABLE_FOR = 120_000;
/** The longest text of a turn that is kept for that, in UTF-8 bytes. */
const LONGEST = 4 * 1024 * 1024;

/** Turns that ended a short while ago, by their reply. */
export class RecentTurns {
  readonly #clock: Clock;
  readonly #turns = new Map<string, { readonly turn: LiveTurn; readonly timer: Timer }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** A turn has ended. */
  add(turn: LiveTurn): void {
    if (turn.log.bytes > LONGEST) return;
    const timer = this.#clock.setTimeout(() => this.#turns.delete(turn.replyId), JOINABLE_FOR);
    this.#turns.set(turn.replyId, { turn, timer });
  }

  /** The turn of this reply; null: there is none any more. */
  get(sessionId: string, replyId: string): LiveTurn | null {
    const turn = this.#turns.get(replyId)?.turn;
    return turn?.sessionId === sessionId ? turn : null;
  }

  /** Forgets all. */
  clear(): void {
    for (const { timer } of this.#turns.values()) this.#clock.clearTimeout(timer);
    this.#turns.clear();
  }
}
