import { type TokenCount, wholeTokens } from "./count.ts";
import type { Cost } from "./prices.ts";

/** What a row of the books adds up to. */
export interface Tally {
  readonly requests: number;
  readonly prompt: number;
  readonly completion: number;
  /** How many of the requests were estimated. */
  readonly estimated: number;
  /** Millionths of the currency; null: nothing had a price. */
  readonly micros: number | null;
  /** ISO 4217; null: nothing had a price. */
  readonly currency: string | null;
}

export const EMPTY_TALLY: Tally = {
  requests: 0,
  prompt: 0,
  completion: 0,
  estimated: 0,
  micros: null,
  currency: null,
};

/** One call more. A cost in another currency than before begins the money anew: two currencies cannot be added. */
export function withCall(
  tally: Tally,
  { prompt, completion }: TokenCount,
  estimated: boolean,
  cost: Cost | null,
): Tally {
  const before = cost !== null && cost.currency !== tally.currency ? null : tally.micros;
  return {
    requests: tally.requests + 1,
    prompt: tally.prompt + wholeTokens(prompt),
    completion: tally.completion + wholeTokens(completion),
    estimated: tally.estimated + (estimated ? 1 : 0),
    micros: cost === null ? before : (before ?? 0) + cost.micros,
    currency: cost === null ? tally.currency : cost.currency,
  };
}

export function sameTally(a: Tally, b: Tally): boolean {
  return a.requests === b.requests && a.prompt === b.prompt && a.completion === b.completion &&
    a.estimated === b.estimated && a.micros === b.micros && a.currency === b.currency;
}
