import type { Clock } from "../../effects/mod.ts";
import { GatehouseError } from "../../errors/mod.ts";
import { networkOf } from "./network_of.ts";
import { type Counted, createWindowCount } from "./window_count.ts";

/** A login that is being tried. It counts as failed until it is known better. */
export interface Attempt {
  /** It failed: it counts for the whole window. */
  failed(): void;
  /** It succeeded, or was never judged: it counts no more. */
  forgive(): void;
}

/** Counts failed logins for each account name and each network, in the memory of this process. */
export interface Attempts {
  /**
   * Counts an attempt before it is judged, so that guesses at the same time cannot be more than the limit.
   *
   * @param name the account's, whether there is one or not; null: nobody can be called so
   * @param address null: not known; all such attempts count as from one network, which has no limit of its own
   * @throws {GatehouseError} `too_many_attempts`; the attempt is then not counted
   */
  begin(name: string | null, address: string | null): Attempt;
}

/** So many failures in the window for one account from one network: whoever guesses locks out no more than that. */
const FOR_NAME_FROM_NETWORK = 10;
const FROM_NETWORK = 30;
/** For one account from anywhere: many networks guess together, but slowly. */
const FOR_NAME = 100;

/** Makes a count that knows of no attempts yet. */
export function createAttempts(clock: Clock): Attempts {
  const pairs = createWindowCount(clock, FOR_NAME_FROM_NETWORK);
  const networks = createWindowCount(clock, FROM_NETWORK);
  const names = createWindowCount(clock, FOR_NAME);

  return {
    begin(name, address) {
      const network = address === null ? null : networkOf(address);
      const limits = [
        ...(name === null ? [] : [{ count: pairs, of: JSON.stringify([name, network]) }, { count: names, of: name }]),
        ...(network === null ? [] : [{ count: networks, of: network }]),
      ];
      const wait = Math.max(0, ...limits.map(({ count, of }) => count.waitFor(of)));
      if (wait > 0) throw tooMany(Math.ceil(wait / 1000));

      const attempt: Counted = { at: clock.monotonic(), judged: false };
      for (const { count, of } of limits) count.add(of, attempt);
      return {
        failed: () => void (attempt.judged = true),
        forgive: () => limits.forEach(({ count, of }) => count.remove(of, attempt)),
      };
    },
  };
}

function tooMany(retryAfterSeconds: number): GatehouseError {
  const message =
    `Cannot log in: too many failed attempts for this account or from this network. Try again in ${retryAfterSeconds} s.`;
  return new GatehouseError("too_many_attempts", message, { retryAfterSeconds });
}
