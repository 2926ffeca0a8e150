import { assertEquals, assertRejects } from "@std/assert";
import { FakeClock } from "../../effects/fake_clock.ts";
import { GatehouseError } from "../../errors/mod.ts";
import type { Reservation } from "../limiter.ts";
import {
  daily,
  heldOf,
  inWorld,
  never,
  NOON,
  nothing,
  type Process,
  sorted,
  subject,
  wish,
  type World,
} from "./limits_testing.ts";

const TIGHT = [subject(daily(100))];
const used = (micros: number) => () => ({ tokens: 1, micros });

/** A process that dies: from now on nothing of it reaches the store. */
function kill(process: Process): void {
  process.store.fail({ kind: "unavailable" });
}

Deno.test("a process that dies with open calls: after 15 s what they had used is spent, the rest is free", () =>
  inWorld(async (world) => {
    const dying = world.process("p0");
    const { limiter } = world.process("p1");
    await dying.limiter.reserve(wish(TIGHT, 60), used(25), never);
    await dying.limiter.reserve(wish(TIGHT, 40), used(5), never);
    await world.clock.advance(7_000);
    assertEquals((await world.record())?.held, { p0: { micros: 100, used: 30, until: NOON + 20_000 } });
    kill(dying);
    await world.clock.advance(12_900);
    const error = await assertRejects(() => world.run(limiter.reserve(wish(TIGHT, 1), nothing, never)), GatehouseError);
    assertEquals(error.code, "budget_exceeded");
    await world.clock.advance(100);
    await assertRejects(() => world.run(limiter.reserve(wish(TIGHT, 71), nothing, never)), GatehouseError);
    await world.run(limiter.reserve(wish(TIGHT, 70), nothing, never));
    const record = await world.record();
    assertEquals(record?.budget?.spent, 30);
    assertEquals(Object.keys(record?.held ?? {}), ["p1"]);
  }));

Deno.test("a process that lives keeps its room for as long as a call takes", () =>
  inWorld(async (world) => {
    const { limiter: slow } = world.process("p0");
    const { limiter: other } = world.process("p1");
    const open = await slow.reserve(wish(TIGHT, 100), used(1), never);
    await world.clock.advance(40_000);
    await assertRejects(() => world.run(other.reserve(wish(TIGHT, 1), nothing, never)), GatehouseError);
    open.settle({ tokens: 1, micros: 99 });
    await world.clock.advance(200);
    await world.run(other.reserve(wish(TIGHT, 1), nothing, never));
    assertEquals((await world.record())?.budget?.spent, 99);
  }));

Deno.test("an owner that slept and was folded neither loses nor counts twice", async (test) => {
  for (const [name, end, spent] of [["more", 50, 50], ["less", 10, 10], ["the same", 25, 25]] as const) {
    await test.step(`its call used ${name} than was folded`, () =>
      inWorld(async (world) => {
        const ownClock = new FakeClock(NOON);
        const sleeper = world.process("p0", ownClock);
        const { limiter: other } = world.process("p1");
        const open = await sleeper.limiter.reserve(wish(TIGHT, 60), used(25), never);
        await ownClock.advance(5_000); // renewed with 25 used; then it sleeps
        await world.clock.advance(21_000);
        const theirs = await world.run(other.reserve(wish(TIGHT, 20), used(0), never));
        assertEquals((await world.record())?.budget?.spent, 25);
        assertEquals(heldOf(await world.record()), 20);

        await ownClock.advance(16_000); // it wakes and renews
        assertEquals((await world.record())?.held["p0"], {
          micros: 35,
          used: 0,
          until: ownClock.now() - 1_000 + 15_000,
        });
        open.settle({ tokens: 1, micros: end });
        await ownClock.advance(200);
        assertEquals((await world.record())?.budget?.spent, spent);
        assertEquals(heldOf(await world.record()), 20);
        theirs.settle({ tokens: 1, micros: 1 });
        await world.clock.advance(200);
        assertEquals((await world.record())?.budget?.spent, spent + 1);
        assertEquals((await world.record())?.held, {});
      }));
  }
});

Deno.test("an entry that an earlier life of the same name left behind is folded, not taken over", () =>
  inWorld(async (world) => {
    const dying = world.process("p0");
    await dying.limiter.reserve(wish(TIGHT, 60), used(25), never);
    await world.clock.advance(5_000);
    kill(dying);
    const again = world.process("p0");
    await world.run(again.limiter.reserve(wish(TIGHT, 75), nothing, never));
    const record = await world.record();
    assertEquals([record?.budget?.spent, heldOf(record)], [25, 75]);
  }));

Deno.test("a process that died while its clock stood far ahead blocks nothing: its entry counts as a dead one's", async () => {
  for (const [ahead, left] of [[60_000, 40], [60_001, 75], [3_600_000, 75]] as const) {
    await inWorld(async (world) => {
      const ownClock = new FakeClock(NOON - 5_000 + ahead);
      const dying = world.process("p0", ownClock);
      await dying.limiter.reserve(wish(TIGHT, 60), used(25), never);
      await ownClock.advance(5_000);
      kill(dying);
      const { limiter } = world.process("p1");
      await assertRejects(() => world.run(limiter.reserve(wish(TIGHT, left + 1), nothing, never)), GatehouseError);
      await world.run(limiter.reserve(wish(TIGHT, left), nothing, never));
    });
  }
});

/** Calls of one process, some open while others end. @returns what they used together */
async function traffic(world: World, { limiter }: Process): Promise<number> {
  let spent = 0;
  const open: Reservation[] = [];
  const end = (reservation: Reservation | undefined, micros: number) => {
    if (reservation === undefined) return;
    reservation.settle({ tokens: 50, micros });
    spent += micros;
  };
  for (let round = 0; round < 3; round++) {
    const wishes = [10, 20].map((micros) => limiter.reserve(wish(ROOMY, micros), used(2), never));
    const { made, refused } = await world.run(sorted(wishes));
    for (const error of refused) assertEquals(error.code, "storage_unavailable");
    open.push(...made);
    end(open.shift(), 7);
    await world.clock.advance(round === 1 ? 5_300 : 300);
  }
  for (const one of open) end(one, 30);
  await world.clock.advance(3_000);
  return spent;
}

const ROOMY = [subject({ ...daily(10_000), tpm: 100_000 }), subject(daily(9_000), "key", "k1")];

for (const kind of ["answer_lost", "unavailable"] as const) {
  Deno.test(`sums are exact after any one commit whose outcome is unknown (${kind})`, async () => {
    const met = await Promise.all(Array.from({ length: 9 }, (_, nth) => losing(kind, nth)));
    assertEquals(met, met.map(() => true));
  });
}

/** @returns whether there was a commit of this number that could be lost */
async function losing(kind: "answer_lost" | "unavailable", nth: number): Promise<boolean> {
  let calls = 0;
  await inWorld(async (world) => {
    const process = world.process("p0");
    const { store } = process;
    const commit = store.commit;
    store.commit = (change) => {
      if (calls++ === nth) store.fail({ kind }, { calls: ["commit"], times: 1 });
      return commit(change);
    };
    const spent = await traffic(world, process);
    for (const record of [await world.record(), await world.record("key", "k1")]) {
      assertEquals({ nth, spent: record?.budget?.spent, held: record?.held }, { nth, spent, held: {} });
    }
    const tokens = (await world.record())?.window.reduce((sum, bucket) => sum + bucket[2], 0);
    assertEquals(tokens, (await world.record())?.window.reduce((sum, bucket) => sum + 50 * bucket[1], 0));
  });
  return calls > nth;
}

Deno.test("a commit that lands only after its time was over is counted once, or never", async () => {
  for (const late of [20, 700, 2_000]) {
    await inWorld(async (world) => {
      const process = world.process("p0");
      const open = await process.limiter.reserve(wish(TIGHT, 60), nothing, never);
      const commit = process.store.commit;
      let landing: Promise<unknown> = Promise.resolve();
      process.store.commit = (change) => {
        process.store.commit = commit;
        landing = new Promise((done) => world.clock.setTimeout(() => commit(change).then(done, done), late));
        return Promise.reject(new GatehouseError("storage_unavailable", "Too late."));
      };
      open.settle({ tokens: 1, micros: 40 });
      await world.clock.advance(5_000);
      await landing;
      await world.clock.advance(5_000);
      const record = await world.record();
      assertEquals({ late, spent: record?.budget?.spent, held: record?.held }, { late, spent: 40, held: {} });
    });
  }
});

Deno.test("settlements are kept while the store fails, and wishes fail clearly", () =>
  inWorld(async (world) => {
    const { limiter, store } = world.process("p0");
    const open = await limiter.reserve(wish(TIGHT, 60), nothing, never);
    store.fail({ kind: "unavailable" });
    open.settle({ tokens: 1, micros: 40 });
    await world.clock.advance(3_000);
    const error = await assertRejects(() => world.run(limiter.reserve(wish(TIGHT, 1), nothing, never)), GatehouseError);
    assertEquals(error.code, "storage_unavailable");
    store.heal();
    await world.clock.advance(1_000);
    const record = await world.record();
    assertEquals([record?.budget?.spent, record?.held], [40, {}]);
  }));

Deno.test("others that always come first: after 2 s it is said so, and nothing was changed", () =>
  inWorld(async (world) => {
    const { limiter, store } = world.process("p0");
    store.commit = () => Promise.resolve(null);
    const failing = assertRejects(() => limiter.reserve(wish(TIGHT, 1), nothing, never), GatehouseError);
    await world.clock.advance(2_000);
    assertEquals((await failing).code, "storage_unavailable");
    assertEquals(await world.record(), null);
  }));

Deno.test("a record stays small: whoever holds nothing leaves it, and whoever is dead", () =>
  inWorld(async (world) => {
    const { limiter } = world.process("alive");
    const subjects = [subject({ rpm: 1_000, ...daily(10_000) })];
    for (let turn = 0; turn < 6; turn++) {
      const stopped = new FakeClock(world.clock.now());
      await world.process(`dead${turn}`, stopped).limiter.reserve(wish(subjects, 1), nothing, never);
      (await world.run(limiter.reserve(wish(subjects, 1), nothing, never))).settle({ tokens: 100, micros: 1 });
      await world.clock.advance(10_000);
    }
    assertEquals(Object.keys((await world.record())?.held ?? {}), ["dead4", "dead5"]);
    assertEquals((await world.record())?.budget?.spent, 6);
  }));
