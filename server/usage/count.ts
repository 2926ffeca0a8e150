/** Tokens of one or more calls. */
export interface TokenCount {
  /** Read by the model. */
  readonly prompt: number;
  /** Written by it. */
  readonly completion: number;
}

/** A count as it can be booked: an upstream may say anything, and one bad number would spoil every sum it enters. */
export function wholeTokens(count: number): number {
  if (Number.isSafeInteger(count) && count >= 0) return count;
  return count > 0 ? Math.min(Math.round(count), Number.MAX_SAFE_INTEGER) : 0;
}
