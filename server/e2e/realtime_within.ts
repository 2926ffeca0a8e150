/** Far above what anything here takes: what lasts longer hangs. */
const HANGS_AFTER_MS = 15_000;

/**
 * Waits for something that must come.
 *
 * @param what completes the sentence "waited in vain for …"
 * @param ms milliseconds
 * @throws {Error} when the time is over
 */
export async function within<T>(promise: Promise<T>, what: string, ms = HANGS_AFTER_MS): Promise<T> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new Error(`Waited ${ms} ms in vain for ${what}`)), ms);
  try {
    return await Promise.race([promise, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}
