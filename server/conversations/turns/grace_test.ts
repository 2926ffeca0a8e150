import { assertEquals } from "@std/assert";
import { FakeClock } from "../../effects/fake_clock.ts";
import { Grace } from "./grace.ts";

function rig() {
  const clock = new FakeClock();
  const state = { given: 0 };
  return { clock, state, grace: new Grace(clock, 20_000, () => state.given++) };
}

Deno.test("a turn that nobody ever reads is given up after its grace", async () => {
  const { clock, state } = rig();
  await clock.advance(19_999);
  assertEquals(state.given, 0);
  await clock.advance(1);
  assertEquals([state.given, clock.pending], [1, 0]);
});

Deno.test("each reader that comes ends the wait, and the last one that leaves begins it anew", async () => {
  const { clock, state, grace } = rig();
  await clock.advance(19_000);
  grace.readers(1);
  grace.readers(2);
  await clock.advance(60_000);
  grace.readers(1);
  await clock.advance(60_000);
  grace.readers(0);
  await clock.advance(19_999);
  assertEquals(state.given, 0);
  await clock.advance(1);
  assertEquals(state.given, 1);
});

Deno.test("hurry() gives up what has no reader at once, and what has one when it leaves", () => {
  const one = rig();
  one.grace.hurry();
  assertEquals([one.state.given, one.clock.pending], [1, 0]);
  const two = rig();
  two.grace.readers(1);
  two.grace.hurry();
  assertEquals(two.state.given, 0);
  two.grace.readers(0);
  assertEquals(two.state.given, 1);
});

Deno.test("a turn that is over is not given up", async () => {
  const { clock, state, grace } = rig();
  grace.end();
  grace.readers(0);
  grace.hurry();
  assertEquals(clock.pending, 0);
  await clock.advance(60_000);
  assertEquals(state.given, 0);
});
