import { assert, assertEquals, assertRejects } from "@std/assert";
import { settle } from "../../effects/fake_clock.ts";
import { GatehouseError } from "../../errors/mod.ts";
import { type Process, readAll, request, stored, told, USER, World } from "./turns_fixture.ts";

/** A session with one exchange. */
async function talked({ turns, model }: Process): Promise<string> {
  const { sessionId, ended } = await turns.begin(request("one"));
  model.last.say("first");
  model.last.finish();
  await ended;
  return sessionId;
}

const HISTORY = ["user complete: one", "assistant complete: first"];

Deno.test("a store that takes nothing refuses the turn before the model is asked", async () => {
  await using world = await World.open();
  const process = world.start();
  const sessionId = await talked(process);
  process.store.fail({ kind: "unavailable" }, { calls: ["commit"] });
  const begun = world.settled(process.turns.begin(request("two", { sessionId })));
  assertEquals((await assertRejects(() => begun, GatehouseError)).code, "storage_unavailable");
  assertEquals(process.model.calls.length, 1);
  process.store.heal();
  assertEquals(await stored(process, sessionId), HISTORY);
  await process.turns.begin(request("two", { sessionId }));
});

for (const kind of ["unavailable", "answer_lost"] as const) {
  Deno.test(`a short fault of the store (${kind}) at any commit is not noticed`, async () => {
    await using world = await World.open();
    const process = world.start();
    const sessionId = await talked(process);
    process.store.fail({ kind }, { calls: ["commit"], times: 2 });
    const turn = await world.settled(process.turns.begin(request("two", { sessionId })));
    process.model.last.say("second");
    process.store.fail({ kind }, { calls: ["commit"], times: 2 });
    process.model.last.finish();
    assertEquals(told(await world.settled(readAll(turn))), ["session", "second", "done: complete"]);
    assertEquals(await stored(process, sessionId), [
      ...HISTORY,
      "user complete: two",
      "assistant complete: second",
    ]);
  });
}

Deno.test("a message that was stored though nobody heard of it does not leave its session busy", async () => {
  await using world = await World.open();
  const process = world.start();
  const sessionId = await talked(process);
  const { store, turns } = process;
  const before = store.count("commit");
  store.fail({ kind: "answer_lost" }, { calls: ["commit"], times: 1 });
  const begun = turns.begin(request("two", { sessionId }));
  while (store.count("commit") === before) await settle();
  store.fail({ kind: "unavailable" });
  await assertRejects(() => world.settled(begun), GatehouseError);
  store.heal();
  const next = await turns.begin(request("three", { sessionId }));
  assertEquals(await stored(process, sessionId), [
    ...HISTORY,
    "user complete: two",
    "assistant failed: ",
    "user complete: three",
    "busy",
  ]);
  next.stop();
  await next.ended;
});

Deno.test("a message that is stored before we hear of it is not taken for a leftover", async () => {
  await using world = await World.open();
  const slow = { answer: Promise.resolve() };
  const process = world.start("p1", (library) => ({
    ...library,
    async begin(start) {
      const open = await library.begin(start);
      await slow.answer;
      return open;
    },
  }));
  const sessionId = await talked(process);
  const { turns, model } = process;
  const answer = Promise.withResolvers<void>();
  slow.answer = answer.promise;
  const begun = turns.begin(request("two", { sessionId }));
  while ((await stored(process, sessionId)).at(-1) !== "busy") await settle();
  const again = turns.begin(request("three", { sessionId }));
  assertEquals((await assertRejects(() => again, GatehouseError)).code, "session_busy");
  answer.resolve();
  const events = readAll(await begun);
  model.last.say("second");
  model.last.finish();
  assertEquals(told(await events), ["session", "second", "done: complete"]);
});

Deno.test("mend() ends a turn in a new session of which nobody knows whether it was begun, and none that runs", async () => {
  await using world = await World.open();
  const stray = { sessionId: "" };
  const one = world.start("p1", (library) => ({
    ...library,
    async begin(start) {
      const open = await library.begin(start);
      if (stray.sessionId !== "") return open;
      stray.sessionId = open.session.id;
      throw new GatehouseError("storage_unavailable", "Cannot write to the store: the test says so");
    },
  }));
  const two = world.start("p2");
  const lost = await assertRejects(() => one.turns.begin(request("one")), GatehouseError);
  assertEquals(lost.code, "storage_unavailable");
  const [here, there] = [await one.turns.begin(request("here")), await two.turns.begin(request("there"))];
  await two.turns.mend();
  assertEquals(await stored(two, stray.sessionId), ["user complete: one", "busy"]);
  await one.turns.mend();
  assertEquals(await stored(two, stray.sessionId), ["user complete: one", "assistant failed: "]);
  for (const { sessionId } of [here, there]) assertEquals((await stored(two, sessionId)).at(-1), "busy");
});

Deno.test("a reply that cannot be stored ends with storage_unavailable, and is stored when the store is back", async () => {
  await using world = await World.open();
  const [one, two] = [world.start("p1"), world.start("p2")];
  const turn = await one.turns.begin(request("one"));
  const { sessionId } = turn;
  const events = readAll(turn);
  one.model.last.say("first");
  await settle();
  one.store.fail({ kind: "unavailable" });
  one.model.last.finish();
  assertEquals(told(await world.settled(events)), ["session", "first", "error: storage_unavailable"]);
  const { message, failure } = await turn.ended;
  assert(message === null && failure instanceof GatehouseError);
  await world.clock.advance(30_000);
  assertEquals(await stored(two, sessionId), ["user complete: one", "busy"]);
  one.store.heal();
  // Nobody has to ask for it.
  await world.clock.advance(10_000);
  assertEquals(await stored(two, sessionId), HISTORY);
  await world.clock.advance(120_000);
  assertEquals(world.clock.pending, 0);
  // However long it lasts, an outage is told of once.
  assertEquals(one.logged.filter((line) => line.includes("are still open")).length, 1);
});

Deno.test("a reply that could not be stored is stored by whoever asks first", async () => {
  await using world = await World.open();
  const process = world.start();
  const { turns, model, store } = process;
  const turn = await turns.begin(request("one"));
  model.last.say("first");
  await settle();
  store.fail({ kind: "unavailable" });
  model.last.finish();
  await world.settled(turn.ended);
  store.heal();
  assertEquals((await turns.join(USER, turn.sessionId, null)).kind, "none");
  assertEquals(await stored(process, turn.sessionId), HISTORY);
});

Deno.test("drafts that cannot be kept are told of once, end no turn, and are kept when the store is back", async () => {
  await using world = await World.open();
  const [one, two] = [world.start("p1"), world.start("p2")];
  const turn = await one.turns.begin(request("hi", { grace: null }));
  one.model.last.say("a");
  one.store.fail({ kind: "answer_lost" }, { calls: ["commit"] });
  await world.clock.advance(3_000);
  one.model.last.say("b");
  await world.clock.advance(1_000);
  one.store.heal();
  one.model.last.say("c");
  await world.clock.advance(1_000);
  assertEquals(one.logged, ["replies under way cannot be kept for the case of a crash"]);
  world.kill(one);
  assertEquals(await stored(two, turn.sessionId), ["user complete: hi", "assistant failed: abc"]);
});
