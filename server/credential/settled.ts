import { type Clock, delay } from "../effects/mod.ts";

/**
 * The value of `work`, or undefined when it failed or did not end in time: for writes whose failure is the expected case
 * and is dealt with by the caller. Work that is late goes on.
 *
 * @param limit `within` milliseconds on `clock`
 */
export async function settled<T>(
  work: Promise<T>,
  limit?: { readonly clock: Clock; readonly within: number },
): Promise<T | undefined> {
  const outcome = work.catch(() => undefined);
  if (limit === undefined) return await outcome;
  const over = new AbortController();
  try {
    return await Promise.race([
      outcome,
      delay(limit.clock, limit.within, over.signal).then(() => undefined, () => undefined),
    ]);
  } finally {
    over.abort();
  }
}
