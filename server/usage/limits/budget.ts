import { isRunning, kindOf, type PeriodKind, periodOf } from "./period.ts";
import type { Held, LimitRecord, Spending } from "./record.ts";

/** What is spent in the period of `now`; a budget of another kind than before begins anew. */
export function spendingAt(budget: Spending | null, kind: PeriodKind, now: number): Spending {
  if (budget !== null && kindOf(budget.period) === kind && isRunning(budget.period, now)) return budget;
  return { period: periodOf(kind, now), spent: 0 };
}

/** Books `micros` (negative: gives back) in the period of `now`, of the kind that the record has. */
export function spend(record: LimitRecord, micros: number, now: number): LimitRecord {
  if (record.budget === null) return record;
  const { period, spent } = spendingAt(record.budget, kindOf(record.budget.period), now);
  return { ...record, budget: { period, spent: Math.max(0, spent + micros) } };
}

/** Whether what began at `begunAt` belongs to the period of `now`. */
export function isSpentNow({ budget }: LimitRecord, begunAt: number, now: number): boolean {
  if (budget === null) return false;
  const kind = kindOf(budget.period);
  return periodOf(kind, begunAt) === spendingAt(budget, kind, now).period;
}

/** Micros that all processes hold together. */
export function heldIn(record: LimitRecord): number {
  let sum = 0;
  for (const { micros } of Object.values(record.held)) sum += micros;
  return sum;
}

/** Puts down what a process holds; with nothing held and nothing used its entry leaves. */
export function withHeld(record: LimitRecord, shard: string, own: Held): LimitRecord {
  const { [shard]: _, ...others } = record.held;
  return { ...record, held: own.micros > 0 || own.used > 0 ? { ...others, [shard]: own } : others };
}

/**
 * Ends what dead processes held: what they had used is spent, the rest is free.
 *
 * @param isDead asked for each process that has an entry
 */
export function foldDead(
  record: LimitRecord,
  now: number,
  isDead: (shard: string, held: Held) => boolean,
): LimitRecord {
  const dead = Object.entries(record.held).filter(([shard, held]) => isDead(shard, held));
  let folded = record;
  for (const [shard, { used }] of dead) {
    folded = withHeld(spend(folded, used, now), shard, { micros: 0, used: 0, until: 0 });
  }
  return folded;
}
