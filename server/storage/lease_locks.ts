import { type Clock, delay } from "../effects/mod.ts";
import { Lease, type LeaseRecord } from "./lease.ts";
import type { AcquireOptions, Held, Locks } from "./locks.ts";
import type { Store } from "./store.ts";

/** What {@linkcode openLeaseLocks} needs. */
export interface LeaseLocksOptions {
  /** Where the leases lie. */
  readonly store: Store;
  /** Times the beats. */
  readonly clock: Clock;
  /** Spreads the polls; from 0 up to 1. @default {Math.random} */
  readonly random?: () => number;
  /** Names this process among all on the store. */
  readonly owner: string;
  /** Milliseconds without a beat after which a holder counts as dead. @default {15000} */
  readonly lease?: number;
}

/** Milliseconds between two looks at a lease that another holds, on average: each is a call over the network. */
const POLL = 200;

/**
 * Locks as leases in the store, for a remote KV: taken by check-and-set, renewed every third of the lease time. A
 * waiter takes one over only when no beat has come for the lease time on its own monotonic clock; clocks of two
 * machines are never compared. What it has seen is kept from one `acquire` to the next, so patience may be shorter
 * than the lease.
 */
export function openLeaseLocks(options: LeaseLocksOptions): Locks {
  const { store, clock, random = Math.random, owner, lease = 15_000 } = options;
  const seen = new Map<string, { readonly version: string; readonly since: number }>();
  let attempts = 0;

  /** One look, and the attempt to take the lease if it is free or its holder dead. */
  async function tryTake(name: string): Promise<Lease | null> {
    const key = ["lock", name];
    const found = await store.get<LeaseRecord>(key);
    if (found !== null) {
      const last = seen.get(name);
      if (last?.version !== found.version) {
        seen.set(name, { version: found.version, since: clock.monotonic() });
        return null;
      }
      if (clock.monotonic() - last.since < lease) return null;
    }
    const record = { owner: `${owner}/${++attempts}`, fence: (found?.value.fence ?? 0) + 1, beat: 0 };
    const takenAt = clock.monotonic();
    const version = await store.commit({
      checks: [{ key, version: found?.version ?? null }],
      puts: [{ key, value: record }],
    });
    if (version === null) return null;
    seen.delete(name);
    return new Lease({ store, clock, key, record, version, takenAt, lease });
  }

  return {
    async acquire(name: string, { patience, signal }: AcquireOptions): Promise<Held | null> {
      const end = clock.monotonic() + patience;
      for (;;) {
        signal.throwIfAborted();
        const held = await tryTake(name);
        if (held !== null) {
          if (!signal.aborted) return held;
          await held.release();
          signal.throwIfAborted();
        }
        const left = end - clock.monotonic();
        if (left <= 0) return null;
        await delay(clock, Math.min(left, POLL * (0.5 + random())), signal);
      }
    },
  };
}
