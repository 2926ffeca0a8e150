import { assert, assertEquals, assertRejects } from "@std/assert";
import { FakeClock } from "../effects/fake_clock.ts";
import { GatehouseError } from "../errors/mod.ts";
import { type KvLike, kvStore } from "./kv_store.ts";
import { memoryStore } from "./testing.ts";

/** A KV whose every call does what `call` does. */
function faultyKv(call: () => Promise<never>): KvLike {
  const atomic = { check: () => atomic, set: () => atomic, delete: () => atomic, commit: call };
  const kv = { get: call, list: () => ({ next: call }), atomic: () => atomic, close() {} };
  return kv as unknown as KvLike; // the store uses no more of the KV than this
}

async function collect<T>(entries: AsyncIterable<T>): Promise<T[]> {
  return await Array.fromAsync(entries);
}

Deno.test("commit() is all or nothing, and a check sees the version it was given", async () => {
  const store = await memoryStore();
  const first = await store.commit({ checks: [{ key: ["a"], version: null }], puts: [{ key: ["a"], value: 1 }] });
  assert(first);
  const again = { checks: [{ key: ["a"], version: null }], puts: [{ key: ["b"], value: 1 }], deletes: [["a"]] };
  assertEquals(await store.commit(again), null);
  assertEquals(await store.get(["b"]), null);
  assertEquals((await store.get(["a"]))?.version, first);
  const second = await store.commit({ ...again, checks: [{ key: ["a"], version: first }] });
  assert(second !== null && second > first);
  assertEquals(await store.get(["a"]), null);
  store.close();
});

Deno.test("list() gives all under the prefix in key order, over many batches", async () => {
  const store = await memoryStore();
  const puts = Array.from({ length: 700 }, (_, i) => ({ key: ["x", i], value: i }));
  await store.commit({ puts: [...puts.reverse(), { key: ["y", 0], value: -1 }] });
  const values = (await collect(store.list<number>(["x"]))).map((entry) => entry.value);
  assertEquals(values, Array.from({ length: 700 }, (_, i) => i));
  store.close();
  store.close();
});

Deno.test("a busy file is tried again until it answers", async () => {
  const clock = new FakeClock();
  const real = await Deno.openKv(":memory:");
  let left = 5;
  const kv: KvLike = {
    get: (key) => left-- > 0 ? Promise.reject(new Error("database is locked")) : real.get(key),
    list: (selector) => real.list(selector),
    atomic: () => real.atomic(),
    close: () => real.close(),
  };
  const store = kvStore({ kv, clock, random: () => 0.5 });
  const reading = store.get(["a"]);
  await clock.advance(2_000);
  assertEquals(await reading, null);
  assertEquals(left, -1);
  store.close();
});

Deno.test("a file that stays busy fails within two seconds with storage_unavailable", async () => {
  const clock = new FakeClock();
  let tries = 0;
  const kv = faultyKv(() => {
    tries++;
    return Promise.reject(new Error("database is locked"));
  });
  const store = kvStore({ kv, clock, random: () => 0.5 });
  for (const call of [() => store.get(["a"]), () => store.commit({}), () => collect(store.list(["a"]))]) {
    const failing = assertRejects(call, GatehouseError, "locked");
    await clock.advance(2_000);
    assertEquals((await failing).code, "storage_unavailable");
    assertEquals(clock.pending, 0);
  }
  assert(tries > 30);
});

Deno.test("a call that hangs ends at its limit; of a commit it is said that the outcome is unknown", async () => {
  const clock = new FakeClock();
  const store = kvStore({ kv: faultyKv(() => new Promise(() => {})), clock });
  const reading = assertRejects(() => store.get(["a"]), GatehouseError, "did not answer in time");
  const writing = assertRejects(() => store.commit({}), GatehouseError, "Whether the change happened is unknown");
  await clock.advance(4_999);
  assertEquals(clock.pending, 2);
  await clock.advance(1);
  assertEquals((await reading).code, "storage_unavailable");
  await writing;
  assertEquals(clock.pending, 0);
});

Deno.test("no fault of the KV lets a value through into the message", async () => {
  const clock = new FakeClock();
  for (const thrown of [new Error("canary"), new TypeError("canary too large"), "canary", { canary: 1 }]) {
    const store = kvStore({ kv: faultyKv(() => Promise.reject(thrown)), clock });
    const error = await assertRejects(() => store.commit({}), GatehouseError);
    assertEquals(error.code, "storage_unavailable");
    assert(!Deno.inspect(error).includes("canary"));
  }
  const store = await memoryStore();
  const big = { puts: [{ key: ["a"], value: "canary".repeat(20_000) }] };
  const error = await assertRejects(() => store.commit(big), GatehouseError, "over the limits");
  assert(!error.message.includes("canary"));
  store.close();
  await assertRejects(() => store.get(["a"]), GatehouseError, "it is closed");
});
