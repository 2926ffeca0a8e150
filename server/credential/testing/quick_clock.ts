import type { Clock, Timer } from "../../effects/mod.ts";

interface Waiting {
  readonly at: number;
  readonly order: number;
  readonly fn: () => void;
}

/**
 * A clock moved by hand, for tests on a store and a vault in memory: nothing there waits for a thread, so that hours with
 * a timer every second pass in milliseconds.
 */
export class QuickClock implements Clock {
  #wall = Date.UTC(2026, 0, 1);
  #elapsed = 0;
  #order = 0;
  readonly #waiting = new Set<Waiting>();

  now(): number {
    return this.#wall;
  }

  monotonic(): number {
    return this.#elapsed;
  }

  setTimeout(fn: () => void, ms: number): Timer {
    if (!(ms < 2 ** 31)) throw new RangeError(`A timer of ${ms} ms overflows and fires at once`);
    const waiting = { at: this.#elapsed + Math.max(0, ms), order: this.#order++, fn };
    this.#waiting.add(waiting);
    return waiting;
  }

  clearTimeout(timer: Timer): void {
    this.#waiting.delete(timer as Waiting); // the handle is what setTimeout above returned
  }

  get pending(): number {
    return this.#waiting.size;
  }

  /** Moves the wall clock alone: NTP, an administrator, or a laptop that slept. */
  jump(ms: number): void {
    this.#wall += ms;
  }

  /** Lets `ms` milliseconds pass: runs what falls due, in order, with promises settled between. */
  async advance(ms: number): Promise<void> {
    const end = this.#elapsed + ms;
    await turns();
    for (;;) {
      const next = this.#next();
      if (next === null || next.at > end) break;
      this.#waiting.delete(next);
      this.#moveTo(Math.max(next.at, this.#elapsed));
      next.fn();
      await turns();
    }
    this.#moveTo(end);
    await turns();
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

/** Lets pending promise reactions run. */
export async function turns(): Promise<void> {
  for (let i = 0; i < 6; i++) await new Promise<void>((resolve) => setImmediate(resolve));
}
