import type { Bucket, Window } from "./window.ts";

/** What was spent of a budget. */
export interface Spending {
  /** The period it was spent in: `2026-11-20` or `2026-11`, UTC. */
  readonly period: string;
  /** Micros. */
  readonly spent: number;
}

/** What the open calls of one process hold of a budget. */
export interface Held {
  /** Reserved, in micros. */
  readonly micros: number;
  /** Used of it at the last renewal: that is spent if the process dies. */
  readonly used: number;
  /** When the process counts as dead unless it writes again; milliseconds since the epoch. */
  readonly until: number;
}

/** What is stored of one user or key. The limits themselves come with each wish. */
export interface LimitRecord {
  readonly v: 1;
  readonly window: Window;
  /** Null: no budget has bound it yet. */
  readonly budget: Spending | null;
  /** By process. */
  readonly held: Readonly<Record<string, Held>>;
}

/** Nothing used and nothing held. */
export const EMPTY_RECORD: LimitRecord = { v: 1, window: [], budget: null, held: {} };

/** Reads a stored record. A part that makes no sense is taken for empty. */
export function readRecord(value: unknown): LimitRecord {
  if (!isObject(value)) return EMPTY_RECORD;
  const { window, budget, held } = value;
  return {
    v: 1,
    window: Array.isArray(window) && window.every(isBucket) ? window : [],
    budget: isSpending(budget) ? budget : null,
    held: isObject(held) && Object.values(held).every(isHeld) ? held as LimitRecord["held"] : {}, // each was looked at
  };
}

function isBucket(value: unknown): value is Bucket {
  return Array.isArray(value) && value.length === 3 && value.every(isCount);
}

function isSpending(value: unknown): value is Spending {
  return isObject(value) && isCount(value.spent) && typeof value.period === "string" &&
    /^\d{4}-\d\d(-\d\d)?$/.test(value.period);
}

function isHeld(value: unknown): value is Held {
  return isObject(value) && isCount(value.micros) && isCount(value.used) && typeof value.until === "number";
}

function isCount(value: unknown): value is number {
  return typeof value === "number" && Number.isInteger(value) && value >= 0;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Where the record of a subject lies. */
export function recordKey(kind: "user" | "key", id: string): Deno.KvKey {
  return ["limits", kind, id];
}
