import { SKEW } from "./skew.ts";

/** What was admitted within one second: the second since the epoch, requests, tokens. */
export type Bucket = readonly [second: number, requests: number, tokens: number];

/** The last minute, oldest bucket first; empty buckets are left out. */
export type Window = readonly Bucket[];

/** What a window holds. */
export interface Totals {
  readonly requests: number;
  readonly tokens: number;
}

/** A request of the end of its second is 60 s old only when 61 have begun: a bucket stays that long. */
const STAYS_S = 61;

/** The buckets that still count at `now` (milliseconds since the epoch). */
export function currentWindow(window: Window, now: number): Window {
  const second = Math.floor(now / 1000);
  const counts = ([at]: Bucket) => at > second - STAYS_S && at <= second + SKEW / 1000;
  return window.every(counts) ? window : window.filter(counts);
}

/** The sums over all buckets. */
export function totalsOf(window: Window): Totals {
  let requests = 0;
  let tokens = 0;
  for (const bucket of window) {
    requests += bucket[1];
    tokens += bucket[2];
  }
  return { requests, tokens };
}

/** Adds one request. @returns the window, and the second of the bucket that holds the request */
export function admitTo(
  window: Window,
  now: number,
  tokens: number,
): { readonly window: Window; readonly second: number } {
  const last = window.at(-1);
  const second = Math.max(Math.floor(now / 1000), last?.[0] ?? 0); // another machine's clock may be ahead
  if (last?.[0] !== second) return { window: [...window, [second, 1, tokens]], second };
  return { window: [...window.slice(0, -1), [second, last[1] + 1, last[2] + tokens]], second };
}

/** Changes the bucket of `second`, if it is still there. */
export function correct(window: Window, second: number, change: Totals): Window {
  return window.flatMap((bucket): Bucket[] => {
    if (bucket[0] !== second) return [bucket];
    const requests = Math.max(0, bucket[1] + change.requests);
    const tokens = Math.max(0, bucket[2] + change.tokens);
    return requests === 0 && tokens === 0 ? [] : [[second, requests, tokens]];
  });
}

/** Milliseconds until at least `excess` has left; null: the whole window holds less. */
export function leavesIn(window: Window, now: number, of: keyof Totals, excess: number): number | null {
  let gone = 0;
  for (const bucket of window) {
    gone += of === "requests" ? bucket[1] : bucket[2];
    if (gone >= excess) return (bucket[0] + STAYS_S) * 1000 - now;
  }
  return null;
}

/** Milliseconds until everything has left. */
export function emptyIn(window: Window, now: number): number {
  const last = window.at(-1);
  return last === undefined ? 0 : (last[0] + STAYS_S) * 1000 - now;
}
