import type { Clock, Timer } from "../../effects/mod.ts";
import type { Logger } from "../../telemetry/mod.ts";

/** What is done again and again. */
export interface BeatOptions {
  /** Times it. */
  readonly clock: Clock;
  /** Milliseconds between the end of one and the next. */
  readonly every: number;
  /** What is done. */
  readonly work: () => Promise<void>;
  /** Told of the first failure of an outage. */
  readonly log: Logger;
  /** What could not be done, as the log says it. */
  readonly failure: string;
}

/** Does something at intervals while it is needed, however often that fails. */
export class Beat {
  readonly #options: BeatOptions;
  #needed = false;
  #timer: Timer | null = null;
  #working: Promise<void> | null = null;
  #failing = false;

  constructor(options: BeatOptions) {
    this.#options = options;
  }

  /** Goes on until {@linkcode rest}. */
  start(): void {
    this.#needed = true;
    if (this.#timer !== null || this.#working !== null) return;
    const { clock, every } = this.#options;
    this.#timer = clock.setTimeout(() => {
      this.#timer = null;
      this.#working = this.#work();
    }, every);
  }

  /** Does it at once, and goes on until {@linkcode rest}. */
  begin(): void {
    this.#needed = true;
    if (this.#timer === null && this.#working === null) this.#working = this.#work();
  }

  /** Stops. @returns once nothing is under way any more */
  async rest(): Promise<void> {
    this.#needed = false;
    if (this.#timer !== null) this.#options.clock.clearTimeout(this.#timer);
    this.#timer = null;
    await this.#working;
  }

  async #work(): Promise<void> {
    const { work, log, failure } = this.#options;
    try {
      await work();
      this.#failing = false;
    } catch (error) {
      if (!this.#failing) log.warn(failure, { error: error instanceof Error ? error : typeof error });
      this.#failing = true;
    }
    this.#working = null;
    if (this.#needed) this.start();
  }
}
