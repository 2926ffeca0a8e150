import { assert, assertEquals, assertRejects } from "@std/assert";
import { FakeClock } from "../effects/fake_clock.ts";
import { GatehouseError } from "../errors/mod.ts";
import { memoryLocks, memoryStore } from "./testing.ts";

const PUT = { puts: [{ key: ["a"], value: 1 }] };
const never = new AbortController().signal;

Deno.test("memoryStore() fails on demand: nothing done, or done with the answer lost", async () => {
  const store = await memoryStore();
  store.fail({ kind: "unavailable" }, { calls: ["commit"], times: 1 });
  await assertRejects(() => store.commit(PUT), GatehouseError);
  assertEquals(await store.get(["a"]), null);
  store.fail({ kind: "answer_lost" }, { calls: ["commit"] });
  await assertRejects(() => store.commit(PUT), GatehouseError);
  assertEquals((await store.get(["a"]))?.value, 1);
  store.heal();
  assert(await store.commit(PUT));
  assertEquals(store.count("commit"), 3);
  store.close();
});

Deno.test("memoryStore() hangs until healed, and delays on the clock", async () => {
  const clock = new FakeClock();
  const store = await memoryStore({ clock });
  let done = 0;
  store.fail({ kind: "hang" });
  const hanging = store.commit(PUT).then(() => done++);
  await clock.advance(1e6);
  assertEquals(done, 0);
  store.heal();
  await hanging;
  store.fail({ kind: "delay", ms: 100 });
  const slow = store.get(["a"]).then(() => done++);
  await clock.advance(99);
  assertEquals(done, 1);
  await clock.advance(1);
  await slow;
  store.close();
});

Deno.test("memoryLocks() excludes, waits with patience, and takes a lock away", async () => {
  const clock = new FakeClock();
  const locks = memoryLocks(clock);
  const held = await locks.acquire("a", { patience: 0, signal: never });
  assert(held);
  assertEquals(await locks.acquire("a", { patience: 0, signal: never }), null);
  const late = locks.acquire("a", { patience: 100, signal: never });
  await clock.advance(100);
  assertEquals(await late, null);
  const stop = new AbortController();
  const stopped = assertRejects(() => locks.acquire("a", { patience: 1e12, signal: stop.signal }), TypeError);
  stop.abort(new TypeError("enough"));
  await stopped;
  const waiting = locks.acquire("a", { patience: 100, signal: never });
  locks.lose("a");
  assertEquals(held.lost.aborted, true);
  const next = await waiting;
  assert(next);
  await held.release();
  assertEquals(locks.isHeld("a"), true);
  await next.release();
  assertEquals(locks.isHeld("a"), false);
  assertEquals(clock.pending, 0);
});
