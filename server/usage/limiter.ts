import type { LimitedSubject } from "../accounts/mod.ts";

/** What a call may use at most; what is not a limit's business is ignored by it. */
export interface Wish {
  /** Whose limits bind; never empty. */
  readonly subjects: readonly LimitedSubject[];
  /** Prompt and longest answer, in tokens. */
  readonly tokens: number;
  /** What that would cost; null: the model has no price. */
  readonly micros: number | null;
}

/** What a call has used. */
export interface Used {
  /** Prompt and answer together. */
  readonly tokens: number;
  /** What that costs. */
  readonly micros: number;
}

/** Room that was made for one call. */
export interface Reservation {
  /** What is left of the tightest limits, in OpenAI's names (`x-ratelimit-remaining-requests`, …). */
  readonly headers: Readonly<Record<string, string>>;
  /** Puts what was really used in place of what was reserved; only the first call counts. Written behind. */
  settle(used: Used): void;
}

/**
 * Budgets and rates, exact across all processes on a store. Budgets only while the clocks of their machines differ by
 * less than 10 s: by them a process is taken for dead, and what it holds for free.
 */
export interface Limiter {
  /**
   * Makes room for a call under all limits that bind it, or refuses it under the first that has none.
   *
   * @param running what the call has used so far; asked when the reservation is renewed, for the case that we die
   * @throws {GatehouseError} `rate_limit_exceeded`, `budget_exceeded` (both with `retryAfterSeconds` and headers),
   * `model_not_priced`, `storage_unavailable`, `draining` (after `close`)
   * @throws the signal's reason; the room is then given back
   */
  reserve(wish: Wish, running: () => Used, signal: AbortSignal): Promise<Reservation>;
  /** Settles what waits, for at most three seconds, and stops. Never rejects. */
  close(): Promise<void>;
}
