import type { Clock } from "../../effects/mod.ts";
import { GatehouseError } from "../../errors/mod.ts";
import { networkOf } from "./network_of.ts";
import { createWindowCount } from "./window_count.ts";

/** Counts registrations for each network, in the memory of this process. */
export interface Registrations {
  /** Counts one, for good, however it ends: each costs a hash, or tells whether a name is taken. @throws {GatehouseError} `too_many_attempts` */
  begin(address: string): void;
}

const FROM_NETWORK = 10;

/** Makes a count that knows of no registrations yet. */
export function createRegistrations(clock: Clock): Registrations {
  const networks = createWindowCount(clock, FROM_NETWORK);
  return {
    begin(address) {
      const network = networkOf(address);
      const wait = networks.waitFor(network);
      if (wait > 0) throw tooMany(Math.ceil(wait / 1000));
      networks.add(network, { at: clock.monotonic(), judged: true });
    },
  };
}

function tooMany(retryAfterSeconds: number): GatehouseError {
  const message =
    `Cannot create the user: too many registrations from this network. Try again in ${retryAfterSeconds} s, or ask an administrator.`;
  return new GatehouseError("too_many_attempts", message, { retryAfterSeconds });
}
