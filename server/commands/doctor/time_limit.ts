import { unlessAborted } from "../../effects/mod.ts";
import { explain } from "../explain.ts";
import type { Examination } from "./effects.ts";
import { fail, type Finding } from "./finding.ts";

/** The most that one check may take, in milliseconds. */
export const LIMIT = 10_000;
/** How long an answer's first byte may take, in milliseconds. */
export const SILENCE = 5_000;

/** A check took too long. */
export class TimeLimitError extends Error {
  override readonly name = "TimeLimitError";
}

/**
 * Waits for `work` no longer than `ms` milliseconds; what is left of it is told by its signal.
 *
 * @throws {TimeLimitError} when the time is over
 * @throws the reason of the examination's signal when it is aborted first
 */
export async function limited<T>(
  { effects: { clock }, signal }: Examination,
  ms: number,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const over = new AbortController();
  const timer = clock.setTimeout(() => over.abort(new TimeLimitError(`nothing happened within ${ms / 1000} s`)), ms);
  const either = AbortSignal.any([signal, over.signal]);
  try {
    return await unlessAborted(work(either), either);
  } finally {
    clock.clearTimeout(timer);
  }
}

/** The findings of one check; whatever it throws is a finding too. */
export async function guarded(
  exam: Examination,
  what: string,
  check: () => Promise<readonly Finding[]>,
): Promise<readonly Finding[]> {
  try {
    return await check();
  } catch (error) {
    return [fail(what, reasonOf(exam, error))];
  }
}

/** Why a check could not be finished, without anything secret. */
export function reasonOf({ signal }: Examination, error: unknown): string {
  if (error instanceof TimeLimitError) return error.message;
  return signal.aborted ? "stopped before it was finished" : explain(error);
}
