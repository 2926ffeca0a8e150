import type { Clock } from "../../effects/mod.ts";

/** Something that is counted; two are the same only if they are one object. */
export interface Counted {
  /** When it began, on the clock that never jumps. */
  readonly at: number;
  /** Whether it counts for the whole window; else it may yet be taken back. */
  judged: boolean;
}

/** Counts what has happened in the last five minutes under each of many names, in the memory of this process. */
export interface WindowCount {
  /** Milliseconds until there is room for one more; 0: there is. */
  waitFor(name: string): number;
  /** Counts it, whether there is room or not. */
  add(name: string, counted: Counted): void;
  /** Takes it back. */
  remove(name: string, counted: Counted): void;
}

/** Milliseconds that something counts. */
const WINDOW = 5 * 60_000;
/** More names than this are not kept: whoever floods them pays with as many addresses. */
const CAPACITY = 10_000;

/** Makes a count that knows of nothing yet. @param most so many there may be under one name */
export function createWindowCount(clock: Clock, most: number): WindowCount {
  const counts = new Map<string, readonly Counted[]>();

  function recent(name: string): readonly Counted[] {
    const since = clock.monotonic() - WINDOW;
    return counts.get(name)?.filter(({ at }) => at > since) ?? [];
  }

  /** The count last changed stands last. */
  function put(name: string, counted: readonly Counted[]): void {
    counts.delete(name);
    if (counted.length === 0) return;
    for (const oldest of counts.keys()) {
      if (counts.size < CAPACITY) break;
      counts.delete(oldest);
    }
    counts.set(name, counted);
  }

  return {
    waitFor(name) {
      const counted = recent(name);
      const [oldest] = counted;
      if (oldest === undefined || counted.length < most) return 0;
      // One that is being judged right now may make room at once.
      return counted.every(({ judged }) => judged) ? oldest.at + WINDOW - clock.monotonic() : 1;
    },
    add: (name, counted) => put(name, [...recent(name), counted]),
    remove: (name, counted) => put(name, recent(name).filter((other) => other !== counted)),
  };
}
