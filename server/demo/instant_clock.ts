import type { Clock, Timer } from "../effects/mod.ts";

/** A clock for tests on which waiting takes no time: what is waited for passes at once. */
export class InstantClock implements Clock {
  #elapsed = 0;

  now(): number {
    return Date.UTC(2026, 0, 1) + this.#elapsed;
  }

  /** How many milliseconds were waited for, all timers together. */
  monotonic(): number {
    return this.#elapsed;
  }

  setTimeout(fn: () => void, ms: number): Timer {
    const timer = { cleared: false };
    queueMicrotask(() => {
      if (timer.cleared) return;
      this.#elapsed += ms;
      fn();
    });
    return timer;
  }

  clearTimeout(timer: Timer): void {
    (timer as { cleared: boolean }).cleared = true; // the handle is what setTimeout above returned
  }
}
