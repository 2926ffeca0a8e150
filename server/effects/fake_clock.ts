import type { Clock, Timer } from "./clock.ts";

interface Waiting {
  readonly at: number;
  readonly order: number;
  readonly fn: () => void;
}

/** A clock for tests: time stands still until {@linkcode FakeClock.advance} moves it. */
export class FakeClock implements Clock {
  #wall: number;
  #elapsed = 0;
  #order = 0;
  readonly #waiting = new Set<Waiting>();

  /** @param wall the wall time to begin at, in milliseconds since the epoch */
  constructor(wall: number = Date.UTC(2026, 0, 1)) {
    this.#wall = wall;
  }

  now(): number {
    return this.#wall;
  }

  monotonic(): number {
    return this.#elapsed;
  }

  setTimeout(fn: () => void, ms: number): Timer {
    const waiting: Waiting = { at: this.#elapsed + Math.max(0, ms), order: this.#order++, fn };
    this.#waiting.add(waiting);
    return waiting;
  }

  clearTimeout(timer: Timer): void {
    this.#waiting.delete(timer as Waiting); // the handle is what setTimeout above returned
  }

  /** How many timers are set. */
  get pending(): number {
    return this.#waiting.size;
  }

  /** Moves the wall clock alone, as an administrator or NTP would. */
  jump(ms: number): void {
    this.#wall += ms;
  }

  /** Lets `ms` milliseconds pass: runs what falls due, in order, with promises settled between. */
  async advance(ms: number): Promise<void> {
    const end = this.#elapsed + ms;
    await settle();
    for (;;) {
      const next = this.#next();
      if (next === null || next.at > end) break;
      this.#waiting.delete(next);
      this.#moveTo(Math.max(next.at, this.#elapsed));
      next.fn();
      await settle();
    }
    this.#moveTo(end);
    await settle();
  }

  #next(): Waiting | null {
    let first: Waiting | null = null;
    for (const w of this.#waiting) {
      if (first === null || w.at < first.at || (w.at === first.at && w.order < first.order)) first = w;
    }
    return first;
  }

  #moveTo(elapsed: number): void {
    this.#wall += elapsed - this.#elapsed;
    this.#elapsed = elapsed;
  }
}

/** Lets pending promise reactions (and WebCrypto, which answers from a thread) run: several turns of the event loop. */
export async function settle(): Promise<void> {
  for (let i = 0; i < 8; i++) await new Promise<void>((resolve) => setTimeout(resolve, 0));
}
