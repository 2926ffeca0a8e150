import { assert, assertEquals, assertRejects } from "@std/assert";
import { settle } from "../../effects/fake_clock.ts";
import { GatehouseError } from "../../errors/mod.ts";
import { storedNumbers } from "./stored_numbers.ts";
import { never, readAll, request, stored, told, USER, World } from "./turns_fixture.ts";

Deno.test("a session that is busy in one process is busy in all", async () => {
  await using world = await World.open();
  const [one, two] = [world.start("p1"), world.start("p2")];
  const { sessionId, ended } = await one.turns.begin(request("hi"));
  const again = () => two.turns.begin(request("again", { sessionId }));
  assertEquals((await assertRejects(again, GatehouseError)).code, "session_busy");
  one.model.last.finish();
  await ended;
  assertEquals((await again()).sessionId, sessionId);
});

Deno.test("a turn of another process is joined through the store: its reply, once that is there", async () => {
  await using world = await World.open();
  const [one, two] = [world.start("p1"), world.start("p2")];
  const { sessionId, messageId, replyId, ended } = await one.turns.begin(request("hi", { grace: null }));
  for (const last of [null, { replyId, n: 7 }]) {
    const joined = await two.turns.join(USER, sessionId, last);
    assert(joined.kind === "elsewhere");
    assertEquals([joined.messageId, joined.replyId], [messageId, replyId]);
  }
  const joined = await two.turns.join(USER, sessionId, null);
  assert(joined.kind === "elsewhere");
  let reply: unknown = null;
  const waiting = joined.reply(never).then(({ content }) => reply = content);
  const leaving = new AbortController();
  const left = assertRejects(() => joined.reply(leaving.signal), Error, "gone");
  await world.clock.advance(2_000);
  leaving.abort(new Error("gone"));
  await left;
  one.model.last.say("hello");
  await settle();
  assertEquals(reply, null);
  one.model.last.finish();
  await ended;
  await world.settled(waiting);
  assertEquals(reply, "hello");
  for (const n of [0, 1]) {
    const late = await two.turns.join(USER, sessionId, { replyId, n });
    assert(late.kind === "elsewhere");
    const message = await late.reply(never);
    assertEquals([message.content, storedNumbers(message)], ["hello", { chunk: 1, done: 2 }]);
  }
  // Whoever has the end has all.
  for (const n of [2, 9]) assertEquals((await two.turns.join(USER, sessionId, { replyId, n })).kind, "none");
  await world.clock.advance(120_001);
  assertEquals((await two.turns.join(USER, sessionId, { replyId, n: 0 })).kind, "none");
});

Deno.test("a reply of several rounds is joined from elsewhere by the first one's id, and is the last one", async () => {
  await using world = await World.open();
  const [one, two] = [world.start("p1"), world.start("p2")];
  const { sessionId, messageId, replyId, ended } = await one.turns.begin(request("hi", {
    grace: null,
    tools: [{ name: "now" }],
    callTools: (calls) => Promise.resolve(calls.map(({ id }) => ({ toolCallId: id, content: "noon" }))),
  }));
  one.model.last.say("Let me see. ");
  one.model.last.ask("c1", "now");
  one.model.last.finish("tool_calls");
  await settle();
  const joined = await two.turns.join(USER, sessionId, { replyId, n: 0 });
  assert(joined.kind === "elsewhere");
  assertEquals([joined.messageId, joined.replyId], [messageId, replyId]);
  const reply = joined.reply(never);
  one.model.last.say("It is ", "noon");
  one.model.last.finish();
  await ended;
  // One piece came before the tool was called.
  const { content, chunks } = await world.settled(reply);
  assertEquals([content, chunks], ["It is noon", 3]);
  const kinds = [];
  for (const n of [3, 4]) kinds.push((await two.turns.join(USER, sessionId, { replyId, n })).kind);
  assertEquals(kinds, ["elsewhere", "none"]);
});

Deno.test("stop() stops the turn of another process, within a second", async () => {
  await using world = await World.open();
  const [one, two] = [world.start("p1"), world.start("p2")];
  const turn = await one.turns.begin(request("hi", { grace: null }));
  one.model.last.say("half");
  const stopping = two.turns.stop(USER, turn.sessionId);
  await world.clock.advance(500);
  assert(one.model.last.isAborted);
  assertEquals((await turn.ended).message?.status, "stopped");
  await world.clock.advance(500);
  assertEquals(await stopping, [turn.replyId]);
  assertEquals(await stored(two, turn.sessionId), ["user complete: hi", "assistant stopped: half"]);
});

Deno.test("stop() gives up on a process that does not hear, after ten seconds", async () => {
  await using world = await World.open();
  const [one, two] = [world.start("p1"), world.start("p2")];
  const { sessionId } = await one.turns.begin(request("hi", { grace: null }));
  one.store.fail({ kind: "unavailable" }, { calls: ["get", "list"] });
  let stopped: unknown = null;
  const stopping = two.turns.stop(USER, sessionId).then((ids) => stopped = ids);
  await world.clock.advance(9_999);
  assertEquals(stopped, null);
  await world.clock.advance(1);
  await stopping;
  assertEquals(stopped, []);
  assertEquals(one.logged.filter((line) => line.includes("wishes")).length, 1);
});

Deno.test("remove() stops the turn of another process, and deletes the session", async () => {
  await using world = await World.open();
  const [one, two] = [world.start("p1"), world.start("p2")];
  const turn = await one.turns.begin(request("hi", { grace: null }));
  const events = readAll(turn);
  const removing = two.turns.remove(USER, turn.sessionId);
  assertEquals(await world.settled(removing), true);
  assert(one.model.last.isAborted);
  assertEquals(told(await world.settled(events)), ["session", "done: stopped"]);
  assertEquals(await stored(two, turn.sessionId), ["gone"]);
});

Deno.test("remove() takes a session from under the turn of a process that does not hear", async () => {
  await using world = await World.open();
  const [one, two] = [world.start("p1"), world.start("p2")];
  const turn = await one.turns.begin(request("hi", { grace: null }));
  const events = readAll(turn);
  one.store.fail({ kind: "unavailable" }, { calls: ["list"] });
  assertEquals(await world.settled(two.turns.remove(USER, turn.sessionId)), true);
  one.store.heal();
  one.model.last.finish();
  assertEquals(told(await world.settled(events)), ["session", "error: not_found"]);
});

Deno.test("a turn whose session is gone from the store, as with its user, is stopped within a second", async () => {
  await using world = await World.open();
  const [one, two] = [world.start("p1"), world.start("p2")];
  const turn = await one.turns.begin(request("hi", { grace: null }));
  const other = await one.turns.begin(request("you too", { grace: null }));
  const [call, otherCall] = one.model.calls;
  assert(call && otherCall);
  const events = readAll(turn);
  await two.library.remove(USER, turn.sessionId);
  for (const each of [call, otherCall]) each.say("more");
  await world.clock.advance(1_000);
  // The store's own answer takes real time.
  for (let tries = 0; tries < 100 && !call.isAborted; tries++) await settle();
  assertEquals([call.isAborted, otherCall.isAborted], [true, false]);
  assertEquals(told(await world.settled(events)), ["session", "more", "error: not_found"]);
  otherCall.finish();
  assertEquals((await world.settled(other.ended)).message?.status, "complete");
});

Deno.test("a process that dies loses a second of a reply at most, and another ends the turn", async () => {
  await using world = await World.open();
  const [one, two] = [world.start("p1"), world.start("p2")];
  const { sessionId, replyId } = await one.turns.begin(request("hi", { grace: null }));
  for (const piece of ["one ", "two ", "three "]) {
    one.model.last.say(piece);
    await world.clock.advance(1_000);
  }
  one.model.last.say("lost");
  await settle();
  const joined = await two.turns.join(USER, sessionId, { replyId, n: 1 });
  assert(joined.kind === "elsewhere");
  world.kill(one);
  const { id, content, status, chunks } = await world.settled(joined.reply(never));
  assertEquals([id, content, status, chunks], [replyId, "one two three ", "failed", null]);
  // How many chunks there were died with it; a client that has the end asks no more.
  assertEquals(storedNumbers({ chunks: null }), { chunk: 1e9, done: 1e9 + 1 });
  for (const [n, kind] of [[7, "elsewhere"], [1e9 + 1, "none"]] as const) {
    assertEquals((await two.turns.join(USER, sessionId, { replyId, n })).kind, kind);
  }
  assertEquals(await stored(two, sessionId), ["user complete: hi", "assistant failed: one two three "]);
  const next = await two.turns.begin(request("go on", { sessionId }));
  assertEquals(next.sessionId, sessionId);
});

Deno.test("all drafts of a second go in one call, and none where nothing was said", async () => {
  await using world = await World.open();
  const { turns, model, store } = world.start();
  const begun = [1, 2, 3].map((i) => turns.begin(request(`hi ${i}`, { grace: null })));
  await Promise.all(begun);
  for (const call of model.calls) call.say("x");
  await settle();
  const before = store.count("commit");
  await world.clock.advance(5_000);
  assertEquals(store.count("commit") - before, 1);
});
