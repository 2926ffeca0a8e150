/** A running timer, to be given back to {@linkcode Clock.clearTimeout}. */
export type Timer = unknown;

/** Time as it is handed in: tests hand in one they move by hand. */
export interface Clock {
  /** Wall time in milliseconds since the epoch; may jump. */
  now(): number;
  /** Milliseconds on a clock that never jumps; for durations. */
  monotonic(): number;
  /** Calls `fn` once after `ms` milliseconds. Delays beyond 24 days overflow: cap them. */
  setTimeout(fn: () => void, ms: number): Timer;
  /** Stops a timer; one that has fired or was stopped is left alone. */
  clearTimeout(timer: Timer): void;
}

/** The machine's own time. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  setTimeout: (fn, ms) => setTimeout(fn, ms),
  clearTimeout: (timer) => clearTimeout(timer as number), // the handle is what setTimeout above returned
};

/**
 * Waits `ms` milliseconds on `clock`.
 *
 * @throws the signal's reason when it is aborted first
 */
export function delay(clock: Clock, ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const onAbort = () => {
      clock.clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = clock.setTimeout(() => {
      signal?.removeEventListener("abort", onAbort);
      resolve();
    }, ms);
    signal?.addEventListener("abort", onAbort, { once: true });
  });
}
