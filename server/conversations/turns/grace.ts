import type { Clock, Timer } from "../../effects/mod.ts";

/** Waits a while for the next reader when the last one has left, or none has come yet. */
export class Grace {
  readonly #clock: Clock;
  readonly #giveUp: () => void;
  #ms: number;
  #timer: Timer | null = null;
  #alone = true;
  #over = false;

  /** Begins at once, without a reader. @param ms how long it waits @param giveUp called once nobody has come */
  constructor(clock: Clock, ms: number, giveUp: () => void) {
    this.#clock = clock;
    this.#ms = ms;
    this.#giveUp = giveUp;
    this.#wait();
  }

  /** So many read now. */
  readers(count: number): void {
    this.#alone = count === 0;
    this.#wait();
  }

  /** From now on nobody is waited for. */
  hurry(): void {
    this.#ms = 0;
    this.#wait();
  }

  /** The turn is over. */
  end(): void {
    this.#over = true;
    this.#stopTimer();
  }

  #wait(): void {
    this.#stopTimer();
    if (!this.#alone || this.#over) return;
    if (this.#ms === 0) return this.#giveUp();
    this.#timer = this.#clock.setTimeout(this.#giveUp, this.#ms);
  }

  #stopTimer(): void {
    if (this.#timer !== null) this.#clock.clearTimeout(this.#timer);
    this.#timer = null;
  }
}
