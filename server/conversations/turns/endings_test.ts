import { assert, assertEquals } from "@std/assert";
import { settle } from "../../effects/fake_clock.ts";
import { GatehouseError } from "../../errors/mod.ts";
import { RefusedError } from "../rounds/refused_error.ts";
import type { Turn } from "./turns.ts";
import { never, readAll, request, stored, told, USER, World } from "./turns_fixture.ts";

Deno.test("stop() aborts the model at once, stores the reply as it stands, and says which it was", async () => {
  await using world = await World.open();
  const process = world.start();
  const { turns, model } = process;
  const turn = await turns.begin(request("hi"));
  const events = readAll(turn);
  model.last.say("half a");
  await settle();
  const stopping = turns.stop(USER, turn.sessionId);
  await settle();
  assert(model.last.isAborted);
  assertEquals(await stopping, [turn.replyId]);
  assertEquals(told(await events), ["session", "half a", "done: stopped"]);
  assertEquals(await stored(process, turn.sessionId), ["user complete: hi", "assistant stopped: half a"]);
  assertEquals((await turn.ended).failure, null);
  assertEquals(await turns.stop(USER, turn.sessionId), []);
});

Deno.test("a client with a grace may leave for less than that; then the model is aborted", async () => {
  await using world = await World.open();
  const { turns, model } = world.start();
  const client = new AbortController();
  const turn = await turns.begin(request("hi", { grace: 2_000, signal: client.signal }));
  const reading = Array.fromAsync(turn.events(-1, client.signal)).catch(() => null);
  client.abort();
  assertEquals(await reading, null);
  await world.clock.advance(1_900);
  const again = new AbortController();
  const second = Array.fromAsync(turn.events(0, again.signal)).catch(() => null);
  await world.clock.advance(4_000);
  assertEquals(model.last.isAborted, false);
  again.abort();
  await second;
  await world.clock.advance(1_999);
  assertEquals(model.last.isAborted, false);
  await world.clock.advance(1);
  assertEquals(model.last.isAborted, true);
  assertEquals((await turn.ended).message?.status, "stopped");
});

Deno.test("a turn that nobody ever reads is stopped after its grace", async () => {
  await using world = await World.open();
  const { turns, model } = world.start();
  const turn = await turns.begin(request("hi", { grace: 2_000 }));
  await world.clock.advance(1_999);
  assertEquals(model.last.isAborted, false);
  await world.clock.advance(1);
  assertEquals((await turn.ended).message?.status, "stopped");
});

Deno.test("without a grace the signal ends the turn, readers or none", async () => {
  await using world = await World.open();
  const { turns, model } = world.start();
  const client = new AbortController();
  const turn = await turns.begin(request("hi", { grace: null, signal: client.signal }));
  const events = readAll(turn);
  await world.clock.advance(4_000);
  model.last.say("half");
  await settle();
  client.abort();
  assertEquals(told(await events), ["session", "half", "done: stopped"]);
  assert(model.last.isAborted);
});

Deno.test("a failure ends the turn with an error, and the reply is stored as failed", async () => {
  await using world = await World.open();
  const process = world.start();
  const { turns, model } = process;
  const turn = await turns.begin(request("hi"));
  const events = readAll(turn);
  model.last.say("half");
  model.last.fail(new GatehouseError("upstream_truncated", "Cannot use the answer: it ended too early"));
  assertEquals(told(await events), ["session", "half", "error: upstream_truncated"]);
  assertEquals(await stored(process, turn.sessionId), ["user complete: hi", "assistant failed: half"]);
  const { message, failure } = await turn.ended;
  assertEquals([message?.status, message?.bill?.usage.total_tokens], ["failed", 7]);
  assert(failure instanceof GatehouseError);
});

Deno.test("a refusal of the upstream is the failure of a turn that has begun", async () => {
  await using world = await World.open();
  const process = world.start();
  const { turns, model } = process;
  model.status = 400;
  const turn = await turns.begin(request("hi"));
  assertEquals(told(await readAll(turn)), ["session", "error: RefusedError"]);
  const { failure } = await turn.ended;
  assert(failure instanceof RefusedError);
  assertEquals(failure.refused.status, 400);
  assertEquals(await stored(process, turn.sessionId), ["user complete: hi", "assistant failed: "]);
});

Deno.test("what ends late calls at the server's stop ends their turns as failed", async () => {
  await using world = await World.open();
  const { turns, model } = world.start();
  const turn = await turns.begin(request("hi"));
  const events = readAll(turn);
  model.last.say("half");
  await settle();
  const closing = turns.close();
  await settle();
  model.last.fail(new GatehouseError("draining", "Cannot go on: the server is stopping"));
  await closing;
  assertEquals(told(await events), ["session", "half", "error: draining"]);
  assertEquals((await turn.ended).message?.status, "failed");
});

Deno.test("a session that is deleted under its turn takes the turn with it", async () => {
  await using world = await World.open();
  const process = world.start();
  const { turns, model, library } = process;
  const turn = await turns.begin(request("hi"));
  const events = readAll(turn);
  model.last.say("half");
  await settle();
  await library.remove(USER, turn.sessionId);
  model.last.finish();
  assertEquals(told(await events), ["session", "half", "error: not_found"]);
  const { message, failure } = await turn.ended;
  assert(message === null && failure instanceof GatehouseError);
});

Deno.test("remove() stops what runs, and deletes it", async () => {
  await using world = await World.open();
  const process = world.start();
  const { turns, model } = process;
  const turn = await turns.begin(request("hi"));
  const events = readAll(turn);
  assertEquals(await turns.remove("u2", turn.sessionId), false);
  assertEquals(model.last.isAborted, false);
  assertEquals(await turns.remove(USER, turn.sessionId), true);
  assertEquals(told(await events), ["session", "done: stopped"]);
  assertEquals(await stored(process, turn.sessionId), ["gone"]);
  assertEquals(await turns.remove(USER, turn.sessionId), false);
});

Deno.test("remove() stops what begins while a session is being deleted", async () => {
  await using world = await World.open();
  const begun: Promise<Turn>[] = [];
  const process = world.start("p1", (library) => ({
    ...library,
    async remove(userId, sessionId) {
      begun.push(turns.begin(request("hi", { sessionId, grace: null })));
      await settle();
      return await library.remove(userId, sessionId);
    },
  }));
  const { turns, model, library } = process;
  const { id: sessionId } = await library.create(USER, {});
  assertEquals(await turns.remove(USER, sessionId), true);
  const [turn] = await Promise.all(begun);
  assert(turn !== undefined);
  assertEquals(told(await readAll(turn)), ["session", "error: not_found"]);
  assert(model.last.isAborted);
});

Deno.test("close() ends what nobody reads, waits for what is read, takes nothing new, and leaves no timer", async () => {
  await using world = await World.open();
  const process = world.start();
  const { turns, model } = process;
  const [unread, read] = [await turns.begin(request("one")), await turns.begin(request("two"))];
  const [, second] = model.calls;
  const events = readAll(read);
  let closed = false;
  const closing = turns.close().then(() => closed = true);
  await settle();
  assertEquals((await unread.ended).message?.status, "stopped");
  await turns.begin(request("three")).then(() => assert(false), ({ code }) => assertEquals(code, "draining"));
  assertEquals(closed, false);
  second?.say("still here");
  second?.finish();
  assertEquals(told(await events), ["session", "still here", "done: complete"]);
  await closing;
  assertEquals(world.clock.pending, 0);
});

Deno.test("close() ends a read turn when its last reader leaves", async () => {
  await using world = await World.open();
  const { turns } = world.start();
  const turn = await turns.begin(request("hi"));
  const client = new AbortController();
  const reading = Array.fromAsync(turn.events(-1, client.signal)).catch(() => null);
  const closing = turns.close();
  client.abort();
  await closing;
  await reading;
  assertEquals((await turn.ended).message?.status, "stopped");
  assertEquals(told(await Array.fromAsync(turn.events(0, never))), ["done: stopped"]);
});
