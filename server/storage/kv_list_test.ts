import { assert, assertEquals, assertRejects } from "@std/assert";
import { FakeClock } from "../effects/fake_clock.ts";
import { GatehouseError } from "../errors/mod.ts";
import { type KvLike, kvStore, type KvStoreOptions } from "./kv_store.ts";
import { memoryStore } from "./testing.ts";
import type { ListOptions, Store } from "./store.ts";

async function filled(): Promise<Store> {
  const store = await memoryStore();
  const puts = ["a", "b", "c", "d"].map((name) => ({ key: ["rows", name], value: name }));
  await store.commit({ puts: [...puts, { key: ["other"], value: "x" }, { key: ["rowsB"], value: "y" }] });
  return store;
}

async function names(store: Store, options?: ListOptions): Promise<string> {
  const found: string[] = [];
  for await (const { value } of store.list<string>(["rows"], options)) found.push(value);
  return found.join("");
}

Deno.test("list() gives a part of what lies under a prefix, in either order", async () => {
  const store = await filled();
  assertEquals(await names(store), "abcd");
  assertEquals(await names(store, { reverse: true, limit: 3 }), "dcb");
  assertEquals(await names(store, { start: ["rows", "b"] }), "bcd");
  assertEquals(await names(store, { end: ["rows", "c"], reverse: true }), "ba");
  assertEquals(await names(store, { start: ["rows", "b"], end: ["rows", "d"], limit: 1 }), "b");
  assertEquals(await names(store, { start: ["rows", "a", new Uint8Array()] }), "bcd");
  store.close();
});

const NUMBERS = Array.from({ length: 700 }, (_, i) => i);

async function numbered(options: Omit<KvStoreOptions, "kv">): Promise<Store> {
  const store = kvStore({ kv: await Deno.openKv(":memory:"), ...options });
  await store.commit({ puts: NUMBERS.map((i) => ({ key: ["rows", i], value: i })) });
  return store;
}

/** A store on a KV that lists the numbers, and does `before` each of them, which may fail as often as it likes. */
function faulty(before: (index: number) => Promise<void>, options: Omit<KvStoreOptions, "kv">): Store {
  let index = 0;
  const next = async () => {
    await before(index);
    if (index === NUMBERS.length) return { done: true };
    return { done: false, value: { key: ["rows", index], value: index++, versionstamp: "1" } };
  };
  return kvStore({ kv: { list: () => ({ next }) } as unknown as KvLike, ...options }); // list() uses no more of it
}

async function valuesOf(store: Store, options?: ListOptions): Promise<number[]> {
  return (await Array.fromAsync(store.list<number>(["rows"], options))).map(({ value }) => value);
}

Deno.test("list() gives all under the prefix, or as many as it shall, over many batches and in either order", async () => {
  const store = await numbered({ clock: new FakeClock() });
  assertEquals(await valuesOf(store), NUMBERS);
  assertEquals(await valuesOf(store, { reverse: true }), NUMBERS.toReversed());
  for (const limit of [1, 99, 100, 101, 200, 699, 700, 701]) {
    assertEquals(await valuesOf(store, { limit }), NUMBERS.slice(0, limit));
  }
  store.close();
});

Deno.test("list() demands and guards once for each batch, not for each entry", async () => {
  let demanded = 0;
  let timers = 0;
  class CountingClock extends FakeClock {
    override setTimeout(...given: Parameters<FakeClock["setTimeout"]>) {
      timers++;
      return super.setTimeout(...given);
    }
  }
  const demand = () => void demanded++;
  const store = await numbered({ clock: new CountingClock(), demand });
  [demanded, timers] = [0, 0];
  assertEquals(await valuesOf(store), NUMBERS);
  assert(demanded > 1 && demanded <= 8, `demanded ${demanded} times`);
  assertEquals(timers, demanded);
  store.close();
});

Deno.test("list() goes on where it was when the file was busy within a batch", async () => {
  const clock = new FakeClock();
  const busyAt = new Set([0, 1, 50, 99, 100, 101, 650, 699, 700]);
  const before = (index: number) =>
    busyAt.delete(index) ? Promise.reject(new Error("database is locked")) : Promise.resolve();
  const reading = valuesOf(faulty(before, { clock, random: () => 0.5 }));
  await clock.advance(10_000);
  assertEquals(await reading, NUMBERS);
  assertEquals([busyAt.size, clock.pending], [0, 0]);
});

Deno.test("list() that hangs within a batch ends at the limit of one call", async () => {
  const clock = new FakeClock();
  const before = (index: number) => index === 250 ? new Promise<void>(() => {}) : Promise.resolve();
  const failing = assertRejects(() => valuesOf(faulty(before, { clock })), GatehouseError, "did not answer in time");
  await clock.advance(4_999);
  assertEquals(clock.pending, 1);
  await clock.advance(1);
  assertEquals((await failing).code, "storage_unavailable");
  assertEquals(clock.pending, 0);
});
