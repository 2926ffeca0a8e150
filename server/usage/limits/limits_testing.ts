/** For this folder's tests: several limiters on one store and one clock, as several processes would be. */
import type { LimitedSubject, Limits } from "../../accounts/mod.ts";
import { NO_LIMITS } from "../../accounts/mod.ts";
import { FakeClock, settle } from "../../effects/fake_clock.ts";
import { GatehouseError } from "../../errors/mod.ts";
import { type FaultyStore, memoryStore, withFaults } from "../../storage/testing.ts";
import { silentLogger } from "../../telemetry/mod.ts";
import type { Limiter, Reservation, Used, Wish } from "../limiter.ts";
import { createLimiter } from "./create_limiter.ts";
import { type LimitRecord, recordKey } from "./record.ts";

export const NOON = Date.UTC(2026, 10, 20, 12);
export const never = new AbortController().signal;

/** One process. */
export interface Process {
  readonly limiter: Limiter;
  /** Its own view of the store. */
  readonly store: FaultyStore;
  readonly clock: FakeClock;
}

export interface World {
  readonly clock: FakeClock;
  readonly store: FaultyStore;
  /** A process on the store. @param clock its own; default: the world's */
  process(shard: string, clock?: FakeClock): Process;
  record(kind?: "user" | "key", id?: string): Promise<LimitRecord | null>;
  /** Advances the clock until the promise is settled. */
  run<T>(work: Promise<T>): Promise<T>;
}

/** Runs a test in a world of its own, and closes all of it. */
export async function inWorld(test: (world: World) => Promise<void>, wall = NOON): Promise<void> {
  const clock = new FakeClock(wall);
  const store = await memoryStore();
  const processes: Process[] = [];
  const run = async <T>(work: Promise<T>): Promise<T> => {
    let pending = true;
    work.then(() => pending = false, () => pending = false);
    await settle();
    while (pending) await clock.advance(5);
    return await work;
  };
  const world: World = {
    clock,
    store,
    process(shard, own = clock) {
      const view = withFaults(store, own);
      const random = () => 0.5;
      const limiter = createLimiter({ store: view, clock: own, random, log: silentLogger, shard });
      const process = { limiter, store: view, clock: own };
      processes.push(process);
      return process;
    },
    async record(kind = "user", id = "ann") {
      return (await store.get<LimitRecord>(recordKey(kind, id)))?.value ?? null;
    },
    run,
  };
  try {
    await test(world);
  } finally {
    for (const process of processes) {
      process.store.heal();
      const closing = process.limiter.close();
      await process.clock.advance(4_000);
      await closing;
    }
    store.close();
  }
}

export function subject(limits: Partial<Limits>, kind: "user" | "key" = "user", id = "ann"): LimitedSubject {
  return { kind, id, limits: { ...NO_LIMITS, ...limits } };
}

export function daily(amountMicros: number): Partial<Limits> {
  return { budget: { amountMicros, period: "day" } };
}

export function wish(subjects: readonly LimitedSubject[], micros: number | null = 10, tokens = 100): Wish {
  return { subjects, tokens, micros };
}

export const nothing = (): Used => ({ tokens: 0, micros: 0 });

/** The reservations that were made, and the errors of those that were not. */
export async function sorted(
  asked: readonly Promise<Reservation>[],
): Promise<{ readonly made: readonly Reservation[]; readonly refused: readonly GatehouseError[] }> {
  const made: Reservation[] = [];
  const refused: GatehouseError[] = [];
  for (const result of await Promise.allSettled(asked)) {
    if (result.status === "fulfilled") made.push(result.value);
    else if (result.reason instanceof GatehouseError) refused.push(result.reason);
    else throw result.reason;
  }
  return { made, refused };
}

/** What the processes hold together, in micros. */
export function heldOf(record: LimitRecord | null): number {
  return Object.values(record?.held ?? {}).reduce((sum, { micros }) => sum + micros, 0);
}
