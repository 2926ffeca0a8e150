import type { Limits } from "../../accounts/mod.ts";
import { heldIn, spendingAt } from "./budget.ts";
import { periodEndsIn } from "./period.ts";
import type { LimitRecord } from "./record.ts";
import { admitTo, leavesIn, type Totals, totalsOf } from "./window.ts";

/** What a call asks of each of its subjects. */
export interface Ask {
  readonly tokens: number;
  readonly micros: number;
}

/** Why a subject has no room. */
export type NoRoom =
  | {
    readonly limit: "rpm" | "tpm";
    /** What the limit allows in a minute. */
    readonly allowed: number;
    readonly left: number;
    readonly asked: number;
    /** Null: never, it is more than the limit itself. */
    readonly waitMs: number | null;
  }
  | {
    readonly limit: "budget";
    readonly allowed: number;
    /** Of the whole budget, with all that is spent and held taken off. */
    readonly left: number;
    readonly asked: number;
    readonly period: string;
    readonly waitMs: number;
  };

/** How soon to try again where only the open calls of others are in the way. */
const HELD_WAIT_MS = 5_000;

/** The first of rpm, tpm and budget that has no room; null: all have. The record is one of `now`. */
export function noRoomIn(record: LimitRecord, limits: Limits, ask: Ask, now: number): NoRoom | null {
  const totals = totalsOf(record.window);
  const perMinute = (limit: "rpm" | "tpm", of: keyof Totals, asked: number): NoRoom | null => {
    const allowed = limits[limit];
    const excess = allowed === null ? 0 : totals[of] + asked - allowed;
    if (allowed === null || excess <= 0) return null;
    const waitMs = asked > allowed ? null : leavesIn(record.window, now, of, excess);
    return { limit, allowed, left: Math.max(0, allowed - totals[of]), asked, waitMs };
  };
  return perMinute("rpm", "requests", 1) ?? perMinute("tpm", "tokens", ask.tokens) ??
    overBudget(record, limits, ask, now);
}

function overBudget(record: LimitRecord, { budget }: Limits, { micros }: Ask, now: number): NoRoom | null {
  if (budget === null) return null;
  const { period, spent } = spendingAt(record.budget, budget.period, now);
  const left = budget.amountMicros - spent - heldIn(record);
  if (micros <= left) return null;
  const waitMs = spent + micros > budget.amountMicros ? periodEndsIn(budget.period, now) : HELD_WAIT_MS;
  return { limit: "budget", allowed: budget.amountMicros, left: Math.max(0, left), asked: micros, period, waitMs };
}

/**
 * Counts a call that has room: in the window and as the period that its budget is in. What it holds of the budget is
 * the process's own to put down.
 *
 * @returns `second`: of the bucket that counts it; null: no limit asks for one
 */
export function admit(
  record: LimitRecord,
  limits: Limits,
  ask: Ask,
  now: number,
): { readonly record: LimitRecord; readonly second: number | null } {
  const budget = limits.budget === null ? record.budget : spendingAt(record.budget, limits.budget.period, now);
  if (limits.rpm === null && limits.tpm === null) return { record: { ...record, budget }, second: null };
  const { window, second } = admitTo(record.window, now, ask.tokens);
  return { record: { ...record, window, budget }, second };
}
