import type { Budget } from "../../accounts/mod.ts";
import { SKEW } from "./skew.ts";

/** How long a budget lasts before it begins anew. */
export type PeriodKind = Budget["period"];

/** The period of `now`, UTC: `2026-11-20` or `2026-11`. */
export function periodOf(kind: PeriodKind, now: number): string {
  return new Date(now).toISOString().slice(0, kind === "day" ? 10 : 7);
}

/** Of which kind a period is. */
export function kindOf(period: string): PeriodKind {
  return period.length === 10 ? "day" : "month";
}

/** Milliseconds until a period of this kind ends. */
export function periodEndsIn(kind: PeriodKind, now: number): number {
  const date = new Date(now);
  const end = kind === "day"
    ? Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), date.getUTCDate() + 1)
    : Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 1);
  return end - now;
}

/** Whether `period` is not over yet. One that a machine whose clock is a little ahead has begun counts as well. */
export function isRunning(period: string, now: number): boolean {
  const kind = kindOf(period);
  return period === periodOf(kind, now) || period === periodOf(kind, now + SKEW);
}
