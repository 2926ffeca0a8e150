import { z } from "zod";
import type { Window } from "./window.ts";

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

const count = z.number().int().nonnegative();

const stored = z.object({
  window: z.array(z.tuple([count, count, count])).catch([]),
  budget: z.object({ period: z.string().regex(/^\d{4}-\d\d(-\d\d)?$/), spent: count }).nullable().catch(null),
  held: z.record(z.string(), z.object({ micros: count, used: count, until: z.number() })).catch({}),
});

/** Reads a stored record. A part that makes no sense is taken for empty. */
export function readRecord(value: unknown): LimitRecord {
  const { success, data } = stored.safeParse(value);
  return success ? { v: 1, ...data } : EMPTY_RECORD;
}

/** Where the record of a subject lies. */
export function recordKey(kind: "user" | "key", id: string): Deno.KvKey {
  return ["limits", kind, id];
}
