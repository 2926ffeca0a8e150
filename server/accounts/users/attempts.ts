import type { Clock } from "../../effects/mod.ts";
import { GatehouseError } from "../../errors/mod.ts";

/** A login that is being tried. It counts as failed until it is known better. */
export interface Attempt {
  /** It failed: it counts for the whole window. */
  failed(): void;
  /** It succeeded, or was never judged: it counts no more. */
  forgive(): void;
}

/** Counts failed logins for each account name and each address, in the memory of this process. */
export interface Attempts {
  /**
   * Counts an attempt before it is judged, so that guesses at the same time cannot be more than the limit.
   *
   * @param name the account's, whether there is one or not; null: nobody can be called so
   * @param address null: not known, and not limited
   * @throws {GatehouseError} `too_many_attempts`; the attempt is then not counted
   */
  begin(name: string | null, address: string | null): Attempt;
}

/** Milliseconds that a failure counts. */
const WINDOW = 5 * 60_000;
const FOR_NAME = 10;
const FROM_ADDRESS = 30;
/** More names and addresses than this are not kept: whoever floods them pays with as many addresses. */
const CAPACITY = 10_000;

interface Counted {
  readonly at: number;
  judged: boolean;
}

/** Makes a count that knows of no attempts yet. */
export function createAttempts(clock: Clock): Attempts {
  const counts = new Map<string, readonly Counted[]>();

  function recent(of: string): readonly Counted[] {
    const since = clock.monotonic() - WINDOW;
    return counts.get(of)?.filter(({ at }) => at > since) ?? [];
  }

  /** The count last changed stands last. */
  function put(of: string, counted: readonly Counted[]): void {
    counts.delete(of);
    if (counted.length === 0) return;
    for (const oldest of counts.keys()) {
      if (counts.size < CAPACITY) break;
      counts.delete(oldest);
    }
    counts.set(of, counted);
  }

  /** Milliseconds until there is room for one more. */
  function waitFor(of: string, most: number): number {
    const counted = recent(of);
    const [oldest] = counted;
    if (oldest === undefined || counted.length < most) return 0;
    // One that is being judged right now may make room at once.
    return counted.every(({ judged }) => judged) ? oldest.at + WINDOW - clock.monotonic() : 1;
  }

  return {
    begin(name, address) {
      const limits: (readonly [of: string, most: number])[] = [];
      if (name !== null) limits.push([`name ${name}`, FOR_NAME]);
      if (address !== null) limits.push([`address ${address}`, FROM_ADDRESS]);
      const wait = Math.max(0, ...limits.map(([of, most]) => waitFor(of, most)));
      if (wait > 0) throw tooMany(Math.ceil(wait / 1000));

      const attempt: Counted = { at: clock.monotonic(), judged: false };
      for (const [of] of limits) put(of, [...recent(of), attempt]);
      return {
        failed: () => void (attempt.judged = true),
        forgive: () => limits.forEach(([of]) => put(of, recent(of).filter((other) => other !== attempt))),
      };
    },
  };
}

function tooMany(retryAfterSeconds: number): GatehouseError {
  const message =
    `Cannot log in: too many failed attempts for this account or from this address. Try again in ${retryAfterSeconds} s.`;
  return new GatehouseError("too_many_attempts", message, { retryAfterSeconds });
}
