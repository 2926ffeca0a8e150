import type { Limits } from "../../accounts/mod.ts";

/** What a user or a key may use, as it is shown. */
export interface LimitsBody {
  readonly models: readonly string[] | null;
  readonly rpm: number | null;
  readonly tpm: number | null;
  readonly budget: { readonly amount_micros: number; readonly period: "day" | "month" } | null;
}

/** The limits of a user or a key. */
export function limitsBody(
  { models, limits: { rpm, tpm, budget } }: { readonly models: readonly string[] | null; readonly limits: Limits },
): LimitsBody {
  return {
    models,
    rpm,
    tpm,
    budget: budget === null ? null : { amount_micros: budget.amountMicros, period: budget.period },
  };
}

/** A time as it is shown: ISO 8601, UTC. @param at milliseconds since the epoch */
export function timeBody(at: number): string {
  return new Date(at).toISOString();
}
