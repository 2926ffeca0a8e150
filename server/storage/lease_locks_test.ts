import { assert, assertEquals, assertGreaterOrEqual, assertRejects } from "@std/assert";
import { FakeClock } from "../effects/fake_clock.ts";
import { GatehouseError } from "../errors/mod.ts";
import type { LeaseRecord } from "./lease.ts";
import { openLeaseLocks } from "./lease_locks.ts";
import type { Held, Locks } from "./locks.ts";
import { type FaultyStore, memoryStore } from "./testing.ts";

const LEASE = 15_000;
const KEY = ["lock", "a"];
const never = new AbortController().signal;

interface World {
  readonly clock: FakeClock;
  readonly store: FaultyStore;
  process(owner: string): Locks;
  /** A lease whose owner died at the last beat that is stored. */
  plant(record: LeaseRecord): Promise<void>;
}

function test(name: string, fn: (world: World) => Promise<void>): void {
  Deno.test(name, async () => {
    const clock = new FakeClock();
    const store = await memoryStore({ clock });
    await fn({
      clock,
      store,
      process: (owner) => openLeaseLocks({ store, clock, random: () => 0.5, owner }),
      plant: async (value) => void await store.commit({ puts: [{ key: KEY, value }] }),
    });
    store.close();
  });
}

test("a lease excludes others, is renewed for as long as it is held, and free after release", async (world) => {
  const [one, two] = [world.process("one"), world.process("two")];
  const held = await one.acquire("a", { patience: 0, signal: never });
  assert(held);
  assertEquals(await two.acquire("a", { patience: 0, signal: never }), null);
  await world.clock.advance(2 * LEASE);
  assertEquals(await two.acquire("a", { patience: 0, signal: never }), null);
  assertEquals(await one.acquire("a", { patience: 0, signal: never }), null);
  assertEquals(held.lost.aborted, false);
  assertGreaterOrEqual((await world.store.get<LeaseRecord>(KEY))?.value.beat ?? 0, 6);
  await held.release();
  const next = await two.acquire("a", { patience: 0, signal: never });
  assert(next);
  await next.release();
  assertEquals(world.clock.pending, 0);
  assertEquals(await world.store.get(KEY), null);
});

test("a dead owner's lease is taken over after the lease time and not before", async (world) => {
  await world.plant({ owner: "dead/1", fence: 4, beat: 7 });
  let held: Held | null = null;
  const waiting = world.process("two").acquire("a", { patience: 60_000, signal: never }).then((h) => held = h);
  await world.clock.advance(LEASE - 1);
  assertEquals(held, null);
  await world.clock.advance(1_000);
  const got = await waiting;
  assert(got);
  assertEquals((await world.store.get<LeaseRecord>(KEY))?.value, { owner: "two/1", fence: 5, beat: 0 });
  await got.release();
});

test("patience shorter than the lease: what was seen counts from one acquire to the next", async (world) => {
  await world.plant({ owner: "dead/1", fence: 1, beat: 0 });
  const locks = world.process("two");
  assertEquals(await locks.acquire("a", { patience: 0, signal: never }), null);
  await world.clock.advance(LEASE - 1);
  assertEquals(await locks.acquire("a", { patience: 0, signal: never }), null);
  await world.clock.advance(1);
  const held = await locks.acquire("a", { patience: 0, signal: never });
  assert(held);
  await held.release();
});

test("jumps of the wall clock neither take a lease nor lose one", async (world) => {
  const held = await world.process("one").acquire("a", { patience: 0, signal: never });
  assert(held);
  const two = world.process("two");
  for (const jump of [10 * LEASE, -100 * LEASE]) {
    assertEquals(await two.acquire("a", { patience: 0, signal: never }), null);
    world.clock.jump(jump);
    assertEquals(await two.acquire("a", { patience: 0, signal: never }), null);
    await world.clock.advance(LEASE);
    assertEquals(held.lost.aborted, false);
  }
  await held.release();
});

test("lost is aborted when another owner's record is found, and release leaves that one alone", async (world) => {
  const held = await world.process("one").acquire("a", { patience: 0, signal: never });
  assert(held);
  await world.plant({ owner: "two/1", fence: 9, beat: 0 });
  await world.clock.advance(LEASE / 3);
  assertEquals(held.lost.aborted, true);
  await held.release();
  assertEquals((await world.store.get<LeaseRecord>(KEY))?.value.owner, "two/1");
});

for (const kind of ["unavailable", "hang"] as const) {
  test(`lost is aborted before the lease time when no renewal succeeds (${kind})`, async (world) => {
    const held = await world.process("one").acquire("a", { patience: 0, signal: never });
    assert(held);
    world.store.fail({ kind });
    await world.clock.advance(LEASE * 0.9 - 1);
    assertEquals(held.lost.aborted, false);
    await world.clock.advance(1);
    assertEquals(held.lost.aborted, true);
    world.store.heal();
    await held.release();
    assertEquals(await world.store.get(KEY), null);
  });
}

test("a renewal whose answer was lost is known again as our own", async (world) => {
  const held = await world.process("one").acquire("a", { patience: 0, signal: never });
  assert(held);
  world.store.fail({ kind: "answer_lost" }, { calls: ["commit"], times: 2 });
  await world.clock.advance(3 * LEASE);
  assertEquals(held.lost.aborted, false);
  world.store.fail({ kind: "answer_lost" }, { calls: ["commit"], times: 1 });
  await world.clock.advance(LEASE / 3);
  await held.release();
  assertEquals(await world.store.get(KEY), null);
});

test("a store that fails for a while costs no lease", async (world) => {
  const held = await world.process("one").acquire("a", { patience: 0, signal: never });
  assert(held);
  for (let round = 0; round < 3; round++) {
    world.store.fail({ kind: "unavailable" });
    await world.clock.advance(LEASE / 2);
    world.store.heal();
    await world.clock.advance(LEASE / 2);
  }
  assertEquals(held.lost.aborted, false);
  await held.release();
});

test("acquire() says storage_unavailable, obeys its signal, and gives up after its patience", async (world) => {
  const [one, two] = [world.process("one"), world.process("two")];
  world.store.fail({ kind: "unavailable" });
  const error = await assertRejects(() => one.acquire("a", { patience: 0, signal: never }), GatehouseError);
  assertEquals(error.code, "storage_unavailable");
  world.store.heal();

  const held = await one.acquire("a", { patience: 0, signal: never });
  const stop = new AbortController();
  const stopped = assertRejects(() => two.acquire("a", { patience: 9e9, signal: stop.signal }), TypeError, "enough");
  await world.clock.advance(1_000);
  stop.abort(new TypeError("enough"));
  await stopped;

  let result: unknown = "waiting";
  const waiting = two.acquire("a", { patience: 1_000, signal: never }).then((r) => result = r);
  await world.clock.advance(999);
  assertEquals(result, "waiting");
  await world.clock.advance(1);
  assertEquals(await waiting, null);
  await held?.release();
});

test("a signal aborted while the lease is being taken leaves none behind", async (world) => {
  const stop = new AbortController();
  world.store.fail({ kind: "delay", ms: 100 }, { calls: ["commit"], times: 1 });
  const taking = assertRejects(
    () => world.process("one").acquire("a", { patience: 0, signal: stop.signal }),
    TypeError,
    "enough",
  );
  await world.clock.advance(50);
  stop.abort(new TypeError("enough"));
  await world.clock.advance(100);
  await taking;
  assertEquals(await world.store.get(KEY), null);
  assertEquals(world.clock.pending, 0);
});
