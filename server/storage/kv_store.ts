import { type Clock, delay } from "../effects/mod.ts";
import { GatehouseError } from "../errors/mod.ts";
import { isBusy, reasonOf } from "./kv_faults.ts";
import type { Change, Entry, ListOptions, Store } from "./store.ts";
import { TimedOut, within } from "./within.ts";

/** How long a call may take, in milliseconds. */
export interface StoreLimits {
  /** One call with all its tries. @default {5000} */
  readonly call: number;
  /** As long as the file is locked by other processes, it is tried again. @default {2000} */
  readonly busy: number;
}

export const DEFAULT_LIMITS: StoreLimits = { call: 5_000, busy: 2_000 };

/** As many entries of a list are read in one call: the guard around a call costs more than an entry. */
const BATCH = 100;

/** The part of Deno KV that a store stands on. */
export type KvLike = Pick<Deno.Kv, "get" | "list" | "atomic" | "close">;

export interface KvStoreOptions {
  readonly kv: KvLike;
  readonly clock: Clock;
  /** Spreads the pauses; from 0 up to 1. @default {Math.random} */
  readonly random?: () => number;
  readonly limits?: Partial<StoreLimits>;
  /** Throws while nothing may be read or written. Asked before every call: it must be quick. @default {nothing is demanded} */
  readonly demand?: () => void;
}

/** A {@linkcode Store} on an open Deno KV. The store owns it: closing the store closes the KV. */
export function kvStore({ kv, clock, random = Math.random, limits, demand }: KvStoreOptions): Store {
  const attempt = { clock, random, limits: { ...DEFAULT_LIMITS, ...limits }, demand };
  let closed = false;

  async function* list<T>(prefix: Deno.KvKey, options: ListOptions = {}): AsyncIterable<Entry<T>> {
    const { limit, reverse = false } = options;
    const order = { reverse, batchSize: Math.min(limit ?? BATCH, BATCH), ...(limit === undefined ? {} : { limit }) };
    const selector = selectorOf(prefix, options);
    let entries: Entries<T> | null = null;
    for (let left = limit ?? Infinity; left > 0; left -= BATCH) {
      const size = Math.min(left, BATCH);
      // Outlives a try: what it has read before the file was busy does not come again.
      const batch: Entry<T>[] = [];
      await patiently(attempt, READ, async () => await fill(batch, size, entries ??= kv.list(selector, order)));
      for (const entry of batch) yield entry;
      if (batch.length < size) return;
    }
  }

  return {
    async get<T>(key: Deno.KvKey): Promise<Entry<T> | null> {
      const found = await patiently(attempt, READ, () => kv.get<T>(key));
      return found.versionstamp === null ? null : { key, value: found.value, version: found.versionstamp };
    },
    list,
    async commit(change: Change): Promise<string | null> {
      const done = await patiently(attempt, WRITE, () => operation(kv, change).commit());
      return done.ok ? done.versionstamp : null;
    },
    close() {
      if (!closed) kv.close();
      closed = true;
    },
  };
}

const READ = { action: "Cannot read the store", unknown: "" };
const WRITE = { action: "Cannot write to the store", unknown: " Whether the change happened is unknown." };

type Entries<T> = Pick<Deno.KvListIterator<T>, "next">;

/** Puts what comes next into `batch`, until it has `size` or nothing is left. */
async function fill<T>(batch: Entry<T>[], size: number, entries: Entries<T>): Promise<void> {
  while (batch.length < size) {
    const step = await entries.next();
    if (step.done) return;
    const { key, value, versionstamp } = step.value;
    batch.push({ key, value, version: versionstamp });
  }
}

interface Attempt {
  readonly clock: Clock;
  readonly random: () => number;
  readonly limits: StoreLimits;
  readonly demand: (() => void) | undefined;
}

function selectorOf(prefix: Deno.KvKey, { start, end }: ListOptions): Deno.KvListSelector {
  if (start !== undefined && end !== undefined) return { start, end };
  if (start !== undefined) return { prefix, start };
  return end === undefined ? { prefix } : { prefix, end };
}

function operation(kv: KvLike, { checks = [], puts = [], deletes = [] }: Change): Deno.AtomicOperation {
  const atomic = kv.atomic();
  for (const { key, version } of checks) atomic.check({ key, versionstamp: version });
  for (const { key, value, expireIn } of puts) {
    // Deno takes `expireIn: undefined` for a number.
    if (expireIn === undefined) atomic.set(key, value);
    else atomic.set(key, value, { expireIn });
  }
  for (const key of deletes) atomic.delete(key);
  return atomic;
}

/** Repeats `call` while the file is busy, within the limits. @throws {GatehouseError} `storage_unavailable` */
async function patiently<T>(
  { clock, random, limits, demand }: Attempt,
  { action, unknown }: { readonly action: string; readonly unknown: string },
  call: () => Promise<T>,
): Promise<T> {
  const begun = clock.monotonic();
  for (let tries = 0;; tries++) {
    try {
      demand?.();
      return await within(clock, limits.call - (clock.monotonic() - begun), call());
    } catch (error) {
      const pause = Math.min(5 * 2 ** tries, 100) * (0.5 + random());
      if (isBusy(error) && clock.monotonic() - begun + pause <= limits.busy) {
        await delay(clock, pause);
        continue;
      }
      const note = error instanceof TimedOut ? unknown : "";
      throw new GatehouseError("storage_unavailable", `${action}: ${reasonOf(error)}.${note}`);
    }
  }
}
