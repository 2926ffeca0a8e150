import type { Clock, Timer } from "../effects/mod.ts";

/** The limits of one stream, in milliseconds; 0: none. */
export interface WatchLimits {
  /** The longest time between two {@linkcode Watch.touch} calls. */
  readonly silence: number;
  /** The longest time from the beginning. */
  readonly total: number;
  /** `onIdle` is called after each such span of silence. @default 0 */
  readonly every?: number;
}

/** One watched stream. */
export interface Watch {
  /** Something came. */
  touch(): void;
  /** Milliseconds since the last touch, or since the beginning. */
  idle(): number;
  /** Ends the watch; calling it again does nothing. */
  stop(): void;
}

/** Watches any number of streams with one timer, which stops at its next turn when there are none. */
export interface Watchdog {
  /**
   * Calls `onTimeout` once when a limit is passed, late by at most a tenth of the shortest limit in sight (50 ms for
   * limits under half a second, never more than 1 s); the watch has ended by then. `onIdle` comes as often as
   * `limits.every` says.
   */
  watch(limits: WatchLimits, onTimeout: (which: "silence" | "total") => void, onIdle?: () => void): Watch;
  /** Stops the timer; nothing is watched any more. */
  close(): void;
}

class Entry implements Watch {
  readonly began: number;
  /** How often to look, in milliseconds: Infinity where there is nothing to look for. */
  readonly period: number;
  last: number;
  pings = 0;

  constructor(
    readonly limits: WatchLimits,
    readonly onTimeout: (which: "silence" | "total") => void,
    readonly onIdle: (() => void) | undefined,
    readonly monotonic: () => number,
    readonly end: (entry: Entry) => void,
  ) {
    this.began = this.last = monotonic();
    const { silence, total, every = 0 } = limits;
    const shortest = Math.min(silence || Infinity, total || Infinity, every || Infinity);
    this.period = shortest === Infinity ? Infinity : Math.min(1000, Math.max(50, shortest / 10));
  }

  touch(): void {
    this.last = this.monotonic();
    this.pings = 0;
  }

  idle(): number {
    return this.monotonic() - this.last;
  }

  stop(): void {
    this.end(this);
  }

  check(now: number): void {
    const { silence, total, every = 0 } = this.limits;
    const idle = now - this.last;
    const passed = total > 0 && now - this.began >= total ? "total" : silence > 0 && idle >= silence ? "silence" : null;
    if (passed !== null) {
      this.end(this);
      this.onTimeout(passed);
    } else if (every > 0 && idle >= every * (this.pings + 1)) {
      this.pings = Math.floor(idle / every);
      this.onIdle?.();
    }
  }
}

/** A watchdog on `clock`'s monotonic time. */
export function createWatchdog(clock: Clock): Watchdog {
  const entries = new Set<Entry>();
  const monotonic = () => clock.monotonic();
  let timer: Timer | null = null;
  let period = Infinity;

  const schedule = () => {
    if (timer !== null) clock.clearTimeout(timer);
    timer = period === Infinity ? null : clock.setTimeout(tick, period);
  };

  const tick = () => {
    timer = null;
    const now = clock.monotonic();
    try {
      for (const entry of entries) entry.check(now);
    } finally {
      period = Infinity;
      for (const entry of entries) period = Math.min(period, entry.period);
      schedule();
    }
  };

  // The timer is left to run out by itself: to set one anew for every short request costs more than all the rest here.
  const end = (entry: Entry) => void entries.delete(entry);

  return {
    watch(limits, onTimeout, onIdle) {
      const entry = new Entry(limits, onTimeout, onIdle, monotonic, end);
      entries.add(entry);
      if (entry.period < period) {
        period = entry.period;
        schedule();
      }
      return entry;
    },
    close() {
      entries.clear();
      period = Infinity;
      schedule();
    },
  };
}
