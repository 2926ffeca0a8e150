/**
 * For tests of other rooms: a store and locks in memory that fail on demand. Not part of the door.
 * @module
 */
import { type Clock, delay, systemClock } from "../effects/mod.ts";
import { GatehouseError } from "../errors/mod.ts";
import { kvStore } from "./kv_store.ts";
import type { AcquireOptions, Held, Locks } from "./locks.ts";
import type { Entry, ListOptions, Store } from "./store.ts";

export type Call = "get" | "list" | "commit";

/**
 * `unavailable`: nothing happens and the call throws. `answer_lost`: it happens and the call throws. `hang`: the call
 * waits until {@linkcode MemoryStore.heal}. `delay`: it begins `ms` milliseconds later on the clock handed in.
 */
export type Fault =
  | { readonly kind: "unavailable" | "answer_lost" | "hang" }
  | { readonly kind: "delay"; readonly ms: number };

/** A store with a switch for faults. */
export interface FaultyStore extends Store {
  /** From now on calls of these kinds meet `fault`; the next `times` of them, or all until {@linkcode heal}. */
  fail(fault: Fault, options?: { readonly calls?: readonly Call[]; readonly times?: number }): void;
  /** Ends all faults; calls that hang go on. */
  heal(): void;
  /** How many calls of this kind were made, failed ones included. */
  count(call: Call): number;
}

/**
 * A real Deno KV in memory; close it at the end of the test. Its own limits run on the system's clock, so that a fake
 * clock never cuts a call off.
 */
export async function memoryStore(options: { readonly clock?: Clock } = {}): Promise<FaultyStore> {
  return withFaults(kvStore({ kv: await Deno.openKv(":memory:"), clock: systemClock }), options.clock ?? systemClock);
}

/** One process's view of a store: several on one store stand for several processes, each with faults of its own. */
export function withFaults(inner: Store, clock: Clock): FaultyStore {
  const counts: Record<Call, number> = { get: 0, list: 0, commit: 0 };
  let fault: { readonly what: Fault; readonly calls: readonly Call[]; left: number } | null = null;
  let healed = Promise.withResolvers<void>();

  async function meet<T>(call: Call, work: () => Promise<T>): Promise<T> {
    counts[call]++;
    if (fault === null || !fault.calls.includes(call) || fault.left <= 0) return await work();
    fault.left--;
    const { what } = fault;
    if (what.kind === "hang") await healed.promise;
    if (what.kind === "delay") await delay(clock, what.ms);
    if (what.kind === "answer_lost") await work();
    if (what.kind === "unavailable" || what.kind === "answer_lost") {
      throw new GatehouseError("storage_unavailable", `Cannot ${call}: the test says so.`);
    }
    return await work();
  }

  return {
    get: <T>(key: Deno.KvKey) => meet("get", () => inner.get<T>(key)),
    async *list<T>(prefix: Deno.KvKey, options?: ListOptions): AsyncIterable<Entry<T>> {
      await meet("list", () => Promise.resolve());
      yield* inner.list<T>(prefix, options);
    },
    commit: (change) => meet("commit", () => inner.commit(change)),
    close: () => inner.close(),
    fail(what, options = {}) {
      fault = { what, calls: options.calls ?? ["get", "list", "commit"], left: options.times ?? Infinity };
    },
    heal() {
      fault = null;
      healed.resolve();
      healed = Promise.withResolvers();
    },
    count: (call) => counts[call],
  };
}

/** Locks within this process, with a switch that takes one away from its holder. */
export interface MemoryLocks extends Locks {
  /** Aborts `lost` of the holder, as when a lease could not be renewed, and lets the next one in. */
  lose(name: string): void;
  /** True while somebody holds it. */
  isHeld(name: string): boolean;
}

/** @param clock patience runs on it */
export function memoryLocks(clock: Clock): MemoryLocks {
  const holders = new Map<string, AbortController>();
  const freed = new Map<string, PromiseWithResolvers<void>>();

  function free(name: string, holder: AbortController): void {
    if (holders.get(name) !== holder) return;
    holders.delete(name);
    freed.get(name)?.resolve();
    freed.delete(name);
  }

  /** Waits until the lock is given back, `end` has come, or the signal is aborted. */
  async function change(name: string, end: number, signal: AbortSignal): Promise<void> {
    const back = freed.get(name) ?? Promise.withResolvers<void>();
    freed.set(name, back);
    const over = new AbortController();
    const left = Math.min(end - clock.monotonic(), 2 ** 31 - 1);
    const patience = delay(clock, left, AbortSignal.any([signal, over.signal]));
    await Promise.race([back.promise, patience]).finally(() => over.abort());
  }

  return {
    async acquire(name: string, { patience, signal }: AcquireOptions): Promise<Held | null> {
      const end = clock.monotonic() + patience;
      for (;;) {
        signal.throwIfAborted();
        if (!holders.has(name)) break;
        if (clock.monotonic() >= end) return null;
        await change(name, end, signal);
      }
      const holder = new AbortController();
      holders.set(name, holder);
      return { lost: holder.signal, release: () => Promise.resolve(free(name, holder)) };
    },
    lose(name) {
      const holder = holders.get(name);
      if (holder === undefined) return;
      free(name, holder);
      holder.abort(new Error("The lock was lost: the test says so"));
    },
    isHeld: (name) => holders.has(name),
  };
}
