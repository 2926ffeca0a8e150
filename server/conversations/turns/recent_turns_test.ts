import { assert, assertEquals } from "@std/assert";
import { LiveTurn } from "./live_turn.ts";
import { RecentTurns } from "./recent_turns.ts";
import { never, USER, World } from "./turns_fixture.ts";

/** Turns that have said so much, and ended. */
async function endedTurns(world: World, texts: readonly string[], grace: number | null): Promise<readonly LiveTurn[]> {
  const { library } = world.start();
  return await Promise.all(texts.map(async (text) => {
    const open = await library.begin({
      userId: USER,
      base: null,
      session: {},
      content: "hi",
      metadata: null,
      owner: "p1",
      model: "m",
    });
    const turn = new LiveTurn({ open, grace, stop: () => {}, stopping: never, clock: world.clock });
    for (const piece of text.split("|")) turn.say(piece);
    turn.end({ message: null, usage: null, failure: null }, { type: "error", error: new Error("gone") });
    return turn;
  }));
}

Deno.test("RecentTurns holds so many bytes: the oldest go first", async () => {
  await using world = await World.open();
  const recent = new RecentTurns(world.clock, 12_000);
  const turns = await endedTurns(world, ["x".repeat(2_000), "y".repeat(2_000), "z".repeat(2_000)], 20_000);
  for (const turn of turns) recent.add(turn);
  const held = turns.map((turn) => recent.get(turn.sessionId, turn.replyId) !== null);
  assertEquals(held, [false, true, true]);
  assertEquals(world.clock.pending, 2);
  recent.clear();
  assertEquals(world.clock.pending, 0);
});

Deno.test("RecentTurns counts what pieces weigh beside their text", async () => {
  await using world = await World.open();
  const recent = new RecentTurns(world.clock, 50_000);
  const turns = await endedTurns(world, Array.from({ length: 3 }, () => "x|".repeat(1_000)), 20_000);
  for (const turn of turns) recent.add(turn);
  assertEquals(turns.map((turn) => recent.get(turn.sessionId, turn.replyId) !== null), [false, false, true]);
  recent.clear();
});

Deno.test("RecentTurns gives no turn after its time, though the timer be late", async () => {
  await using world = await World.open();
  let late = 0;
  const { clock } = world;
  const recent = new RecentTurns({
    now: () => clock.now(),
    monotonic: () => clock.monotonic() + late,
    setTimeout: (fn, ms) => clock.setTimeout(fn, ms),
    clearTimeout: (timer) => clock.clearTimeout(timer),
  });
  const [turn] = await endedTurns(world, ["x"], 20_000);
  assert(turn);
  recent.add(turn);
  late = 119_999;
  assertEquals(recent.get(turn.sessionId, turn.replyId), turn);
  late = 120_000;
  assertEquals(recent.get(turn.sessionId, turn.replyId), null);
  recent.clear();
});

Deno.test("RecentTurns holds no turn that ends with its client", async () => {
  await using world = await World.open();
  const recent = new RecentTurns(world.clock);
  for (const turn of await endedTurns(world, ["x"], null)) {
    recent.add(turn);
    assertEquals(recent.get(turn.sessionId, turn.replyId), null);
  }
  assertEquals(world.clock.pending, 0);
});
