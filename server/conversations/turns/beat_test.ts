import { assertEquals } from "@std/assert";
import { FakeClock } from "../../effects/fake_clock.ts";
import { type Logger, silentLogger } from "../../telemetry/mod.ts";
import { Beat } from "./beat.ts";

function rig(work: (count: number) => Promise<void>) {
  const clock = new FakeClock();
  const warnings: string[] = [];
  const state = { count: 0 };
  const log: Logger = { ...silentLogger, warn: (message) => void warnings.push(message) };
  const beat = new Beat({ clock, every: 1_000, work: () => work(state.count++), log, failure: "it failed" });
  return { clock, warnings, state, beat };
}

Deno.test("a beat goes on while it is needed, and leaves no timer behind", async () => {
  const { clock, state, beat } = rig(() => Promise.resolve());
  assertEquals(clock.pending, 0);
  beat.start();
  beat.start();
  await clock.advance(3_500);
  assertEquals([state.count, clock.pending], [3, 1]);
  await beat.rest();
  await clock.advance(5_000);
  assertEquals([state.count, clock.pending], [3, 0]);
  beat.start();
  await clock.advance(1_000);
  assertEquals(state.count, 4);
  await beat.rest();
});

Deno.test("an outage is told once, and does not end the beat", async () => {
  const bad = new Set([1, 2, 3, 5]);
  const { clock, warnings, state, beat } = rig((n) => bad.has(n) ? Promise.reject(new Error("no")) : Promise.resolve());
  beat.start();
  await clock.advance(8_000);
  assertEquals([state.count, warnings], [8, ["it failed", "it failed"]]);
  await beat.rest();
});

Deno.test("work that takes long is not begun a second time, and rest() waits for it", async () => {
  const slow = Promise.withResolvers<void>();
  const { clock, state, beat } = rig(() => slow.promise);
  beat.start();
  await clock.advance(10_000);
  beat.start();
  assertEquals([state.count, clock.pending], [1, 0]);
  let rested = false;
  const rest = beat.rest().then(() => rested = true);
  await clock.advance(1_000);
  assertEquals(rested, false);
  slow.resolve();
  await rest;
  assertEquals(clock.pending, 0);
});

Deno.test("begin() does it at once, and then as often as ever", async () => {
  const { clock, state, beat } = rig(() => Promise.resolve());
  beat.begin();
  beat.begin();
  assertEquals(state.count, 1);
  await clock.advance(2_000);
  assertEquals(state.count, 3);
  await beat.rest();
  assertEquals(clock.pending, 0);
});
