import { assertEquals, assertRejects } from "@std/assert";
import { FakeClock, settle } from "../effects/fake_clock.ts";
import { createFresh, OUTLASTS } from "./fresh.ts";

/** A value that changes with every read, and reads that can be held up or fail. */
function source(clock: FakeClock) {
  let reads = 0;
  const state: { fault: Error | null; gate: Promise<void> | null; absent: boolean } = {
    fault: null,
    gate: null,
    absent: false,
  };
  const fresh = createFresh({
    clock,
    outlasts: OUTLASTS,
    async load(id) {
      const mine = ++reads;
      await state.gate;
      if (state.fault !== null) throw state.fault;
      return state.absent ? null : `${id} ${mine}`;
    },
  });
  return { state, fresh, reads: () => reads };
}

Deno.test("get() answers at once from a copy that is younger than 400 ms", async () => {
  const clock = new FakeClock();
  const { fresh, reads } = source(clock);
  assertEquals(await fresh.get("a"), "a 1");
  await clock.advance(399);
  assertEquals([fresh.get("a"), reads()], ["a 1", 1]);
});

Deno.test("get() serves a copy of 400 ms once more at once, and reads anew meanwhile", async () => {
  const clock = new FakeClock();
  const { fresh, reads } = source(clock);
  await fresh.get("a");
  await clock.advance(400);
  assertEquals([fresh.get("a"), fresh.get("a"), reads()], ["a 1", "a 1", 2]);
  await settle();
  assertEquals([fresh.get("a"), reads()], ["a 2", 2]);
});

Deno.test("get() waits for the store where the copy is 800 ms old", async () => {
  const clock = new FakeClock();
  const { fresh } = source(clock);
  await fresh.get("a");
  await clock.advance(799);
  assertEquals(fresh.get("a"), "a 1");
  await settle();
  await clock.advance(800);
  const waited = fresh.get("a");
  assertEquals([waited instanceof Promise, await waited], [true, "a 3"]);
});

Deno.test("a copy's age counts from the beginning of its read", async () => {
  const clock = new FakeClock();
  const { fresh, state } = source(clock);
  const gate = Promise.withResolvers<void>();
  state.gate = gate.promise;
  const first = fresh.get("a");
  await clock.advance(800);
  gate.resolve();
  assertEquals(await first, "a 1");
  assertEquals(await fresh.get("a"), "a 2");
});

Deno.test("get() reads once for all who ask at the same time, and apart for each id", async () => {
  const clock = new FakeClock();
  const { fresh, reads } = source(clock);
  const asked = await Promise.all(["a", "b", "a", "a"].map((id) => fresh.get(id)));
  assertEquals([asked, reads()], [["a 1", "b 2", "a 1", "a 1"], 2]);
});

Deno.test("that there is no value is kept as well", async () => {
  const clock = new FakeClock();
  const { fresh, state, reads } = source(clock);
  state.absent = true;
  assertEquals(await fresh.get("a"), null);
  assertEquals([fresh.get("a"), reads()], [null, 1]);
});

Deno.test("drop() makes the next get() read", async () => {
  const clock = new FakeClock();
  const { fresh } = source(clock);
  assertEquals([await fresh.get("a"), await fresh.get("b")], ["a 1", "b 2"]);
  fresh.drop("a");
  assertEquals([await fresh.get("a"), fresh.get("b")], ["a 3", "b 2"]);
});

Deno.test("a read that drop() has overtaken is neither kept nor joined", async () => {
  const clock = new FakeClock();
  const { fresh, state } = source(clock);
  const gate = Promise.withResolvers<void>();
  state.gate = gate.promise;
  const before = fresh.get("a");
  fresh.drop("a");
  state.gate = null;
  assertEquals(await fresh.get("a"), "a 2");
  gate.resolve();
  assertEquals(await before, "a 1");
  assertEquals(fresh.get("a"), "a 2");
});

Deno.test("while the store fails a value is served for 30 s, and then the failure", async () => {
  const clock = new FakeClock();
  const { fresh, state, reads } = source(clock);
  await fresh.get("a");
  state.fault = new Error("gone");
  await clock.advance(400);
  assertEquals(fresh.get("a"), "a 1");
  await settle();
  await clock.advance(29_599);
  const before = reads();
  assertEquals([await fresh.get("a"), reads()], ["a 1", before + 1]);
  await clock.advance(1);
  await assertRejects(async () => await fresh.get("a"), Error, "gone");
  state.fault = null;
  assertEquals(await fresh.get("a"), `a ${reads()}`);
});

Deno.test("while the store does not answer, a value is waited for once and not each time", async () => {
  const clock = new FakeClock();
  const { state, fresh, reads } = source(clock);
  await fresh.get("a");
  await clock.advance(1_000);
  state.fault = new Error("gone");
  assertEquals(await fresh.get("a"), "a 1");
  const { promise, resolve } = Promise.withResolvers<void>();
  state.gate = promise;
  assertEquals([fresh.get("a"), fresh.get("a"), reads()], ["a 1", "a 1", 3]);
  state.fault = null;
  resolve();
  await settle();
  assertEquals(fresh.get("a"), "a 3");
});

Deno.test("while the store fails, what was absent, unknown or dropped is not served", async () => {
  const clock = new FakeClock();
  const { fresh, state } = source(clock);
  state.absent = true;
  await fresh.get("absent");
  state.absent = false;
  await fresh.get("dropped");
  fresh.drop("dropped");
  state.fault = new Error("gone");
  await clock.advance(800);
  for (const id of ["absent", "dropped", "unknown"]) {
    await assertRejects(async () => await fresh.get(id), Error, "gone", id);
  }
});

Deno.test("while the store hangs, a value is not waited for", async () => {
  const clock = new FakeClock();
  const { state, fresh } = source(clock);
  await fresh.get("a");
  await clock.advance(500);
  const { promise, resolve } = Promise.withResolvers<void>();
  state.gate = promise;
  for (let waited = 0; waited < 20_000; waited += 500) {
    assertEquals(fresh.get("a"), "a 1", `after ${waited} ms`);
    await clock.advance(500);
  }
  resolve();
  await settle();
  assertEquals(await fresh.get("a"), "a 3");
});
