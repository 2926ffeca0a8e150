import type { Limits } from "../../accounts/mod.ts";
import type { LimitRecord } from "./record.ts";
import { emptyIn, totalsOf } from "./window.ts";

/** A subject's limits beside what is stored of it. */
export interface Standing {
  readonly limits: Limits;
  readonly record: LimitRecord;
}

/** `x-ratelimit-*` in OpenAI's names, for each kind of limit that is set: of the subject with the least left. */
export function limitHeaders(standings: readonly Standing[], now: number): Record<string, string> {
  return { ...headersOf("requests", "rpm", standings, now), ...headersOf("tokens", "tpm", standings, now) };
}

function headersOf(
  of: "requests" | "tokens",
  limit: "rpm" | "tpm",
  standings: readonly Standing[],
  now: number,
): Record<string, string> {
  let tightest: { readonly allowed: number; readonly left: number; readonly resetMs: number } | null = null;
  for (const { limits, record } of standings) {
    const allowed = limits[limit];
    if (allowed === null) continue;
    const left = Math.max(0, allowed - totalsOf(record.window)[of]);
    if (tightest !== null && tightest.left <= left) continue;
    tightest = { allowed, left, resetMs: left === allowed ? 0 : emptyIn(record.window, now) };
  }
  if (tightest === null) return {};
  return {
    [`x-ratelimit-limit-${of}`]: `${tightest.allowed}`,
    [`x-ratelimit-remaining-${of}`]: `${tightest.left}`,
    [`x-ratelimit-reset-${of}`]: durationText(tightest.resetMs),
  };
}

/** As OpenAI writes durations: `120ms`, `1s`, `6m0s`. Rounded up. */
export function durationText(ms: number): string {
  if (ms <= 0) return "0s";
  if (ms < 1000) return `${Math.ceil(ms)}ms`;
  const seconds = Math.ceil(ms / 1000);
  return seconds < 60 ? `${seconds}s` : `${Math.floor(seconds / 60)}m${seconds % 60}s`;
}
