/**
 * Asks again and again until the answer is not undefined.
 *
 * @param what completes the sentence "waited in vain for …"
 * @param timeoutMs milliseconds
 * @throws {Error} when the time is over
 */
export async function eventually<T>(
  ask: () => Promise<T | undefined>,
  what: string,
  timeoutMs = 10_000,
): Promise<T> {
  const deadline = performance.now() + timeoutMs;
  while (true) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    if (performance.now() > deadline) throw new Error(`Waited ${timeoutMs} ms in vain for ${what}`);
    await pause(10);
  }
}

/** @param ms milliseconds */
export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Runs `work` for 0 … count-1, so many at a time, and waits for all. The first failure is thrown once all have ended. */
export async function inBatches(count: number, atATime: number, work: (n: number) => Promise<void>): Promise<void> {
  let next = 0;
  const worker = async () => {
    while (next < count) await work(next++);
  };
  const results = await Promise.allSettled(Array.from({ length: atATime }, worker));
  const failed = results.find((result) => result.status === "rejected");
  if (failed !== undefined) throw failed.reason;
}
