/** What one user or key may use. Null: no limit of that kind. */
export interface Limits {
  /** Requests in any 60 seconds. */
  readonly rpm: number | null;
  /** Tokens in any 60 seconds, prompt and answer together. */
  readonly tpm: number | null;
  /** What may be spent. */
  readonly budget: Budget | null;
}

/** A sum for each calendar day or month (UTC). */
export interface Budget {
  /** Millionths of the price list's currency. */
  readonly amountMicros: number;
  /** When it begins anew. */
  readonly period: "day" | "month";
}

/** Somebody with limits: a user, or a key of one. */
export interface LimitedSubject {
  /** Which of the two. */
  readonly kind: "user" | "key";
  /** Its id. */
  readonly id: string;
  /** At least one of them is not null. */
  readonly limits: Limits;
}

/** Nothing binds. */
export const NO_LIMITS: Limits = { rpm: null, tpm: null, budget: null };

/** Whether any limit is set. */
export function isLimited({ rpm, tpm, budget }: Limits): boolean {
  return rpm !== null || tpm !== null || budget !== null;
}
