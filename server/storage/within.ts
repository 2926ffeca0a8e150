import type { Clock } from "../effects/mod.ts";

/** What {@linkcode within} rejects with. The work itself may still be going on. */
export class TimedOut extends Error {
  override readonly name = "TimedOut";
}

/**
 * Waits for `work`, but no longer than `ms` milliseconds on `clock`.
 *
 * @throws {TimedOut} when the time is over; the work's own later end is ignored
 */
export function within<T>(clock: Clock, ms: number, work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = clock.setTimeout(() => reject(new TimedOut()), ms);
    work.then(resolve, reject).finally(() => clock.clearTimeout(timer));
  });
}
