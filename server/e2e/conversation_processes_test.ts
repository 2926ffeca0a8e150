import { assert, assertEquals } from "@std/assert";
import { assertGoesOn, assertStored, beginByHand, replyIn } from "./conversation_by_hand.ts";
import { Conversing, textIn } from "./conversation_client.ts";
import { promptOf, quick, textOf } from "./conversation_script.ts";
import { SessionSocket } from "./conversation_socket.ts";
import { ConversationModel } from "./conversation_upstream.ts";
import { Gate, Home } from "./gate.ts";
import { report } from "./report.ts";

const TOOL = { name: "look", description: "Looks", parameters: { type: "object", properties: {} } };

Deno.test("two processes on one folder share the turns that run", async (t) => {
  await using model = new ConversationModel();
  await using home = await Home.make();
  const options = { env: model.environment(), home };
  await using gate = await Gate.start(options);
  await using other = await Gate.start(options);
  const [here, there] = [new Conversing(gate.url), new Conversing(other.url)];

  await t.step("a stream that was cut is resumed on the other: the stored reply, then done", async () => {
    const { stream, asked, sessionId, messageId, replyId } = await beginByHand(here, model, "resumed");
    asked.say("one ", "two ");
    await stream.take(1);
    await stream.cut();
    const waiting = await Promise.all([null, `${replyId}:1`].map((last) => there.resume(sessionId, last)));
    // Nobody reads it here any more, but it is not over: readers elsewhere are not seen, its grace runs.
    asked.say("three");
    asked.finish();
    await replyIn(here, sessionId);
    const late = await there.resume(sessionId, `${replyId}:2`);
    for (const reader of [...waiting, late]) {
      const events = await reader.rest();
      assertEquals(events.map(({ event }) => event), ["session", "chunk", "done"]);
      assertStored(events, replyId, 4);
      assertEquals([textIn(events), events[0]?.data.message_id], ["one two three", messageId]);
    }
    for (const last of [null, `${replyId}:4`]) assertEquals((await there.join(sessionId, last)).status, 204);
    await using end = await there.resume(sessionId, `${replyId}:3`);
    assertEquals((await end.rest()).map(({ event }) => event), ["done"]);
    // Where it ran, the events are still known one by one.
    await using original = await here.resume(sessionId, `${replyId}:1`);
    assertEquals(textIn(await original.rest()), "two three");
  });

  await t.step("a session that is busy on one is busy on the other, for every surface", async () => {
    const { stream, asked, sessionId } = await beginByHand(here, model, "busy");
    for (const { url } of [here, there]) {
      const { api } = new Conversing(url);
      for (
        const [path, more] of [["/conversation", {}], ["/conversation", { stream: false }], ["/chat", {}]] as const
      ) {
        const answer = await api.ask("POST", path, { message: "me too", session_id: sessionId, ...more });
        assertEquals([answer.status, (await answer.json()).error.code], [409, "session_busy"], path);
      }
      await using socket = await SessionSocket.open(url, sessionId);
      socket.send("me too");
      assertEquals((await socket.next())?.error?.code, "session_busy");
    }
    assertEquals(model.requests("me too"), []);
    asked.finish();
    await stream.rest();
    const again = quick("free");
    assertEquals((await there.whole({ message: promptOf(again), session_id: sessionId })).response, textOf(again));
    assertEquals((await here.history(sessionId)).length, 4);
  });

  await t.step("a turn is stopped from the other, whether it is read or not", async () => {
    const took: number[] = [];
    for (const isRead of [true, false, true, false]) {
      const prompt = `stopped-${took.length}`;
      const { stream, asked, sessionId, replyId } = await beginByHand(here, model, prompt);
      asked.say("half");
      await stream.take(1);
      if (!isRead) await stream.cut();
      const startedAt = performance.now();
      assertEquals(await there.stop(sessionId), [replyId]);
      took.push(asked.endedAt - startedAt);
      assertEquals(asked.state, "aborted");
      const { status, content } = await replyIn(there, sessionId);
      assertEquals([status, content], ["stopped", "half"]);
      if (isRead) assertGoesOn(await stream.rest(), replyId, 2, "stopped");
    }
    report(`turns of another process were stopped after ${Math.max(...took).toFixed(0)} ms at worst`);
  });

  await t.step("a turn that waits for its tools is stopped from the other", async () => {
    const { session_id } = await here.api.json<{ session_id: string }>(
      "POST",
      "/create_session",
      { tools: [TOOL] },
      201,
    );
    await using socket = await SessionSocket.open(here.url, session_id);
    socket.send({ jsonrpc: "2.0", id: 1, method: "generate", params: { message: "tools" } });
    (await model.asked("tools")).finish([{ id: "c1", name: "look", arguments: "{}" }]);
    await socket.until(({ method }) => method === "function_call_request", "a call");
    await there.stop(session_id);
    const end = await socket.until(({ method }) => method === "end", "the end");
    assertEquals(end.params?.status_message, "stopped");
    const again = quick("after-tools");
    assertEquals((await there.whole({ message: promptOf(again), session_id })).status, "complete");
    assertEquals(model.faults, []);
  });

  await t.step("a session that is deleted on the other is gone, and its turn with it", async () => {
    const { stream, asked, sessionId } = await beginByHand(here, model, "deleted");
    asked.say("half");
    await there.api.json("DELETE", `/conversation/session/${sessionId}`, undefined, 204);
    await asked.ended;
    assertEquals(asked.state, "aborted");
    assertEquals((await stream.rest()).at(-1)?.data.status, "stopped");
    for (const client of [here, there]) {
      const answer = await client.api.ask("GET", `/conversation/session/${sessionId}`);
      await answer.body?.cancel();
      assertEquals(answer.status, 404);
    }
  });

  await gate.stop();
  await other.stop();
});

Deno.test("the sessions of a process that was killed go on in another at once", async () => {
  await using model = new ConversationModel();
  await using home = await Home.make();
  const options = { env: model.environment(), home };
  await using gate = await Gate.start(options);
  await using other = await Gate.start(options);
  const [here, there] = [new Conversing(gate.url), new Conversing(other.url)];
  const turns = await Promise.all(
    ["went on", "joined", "stopped", "read", "retried"].map((name) => beginByHand(here, model, name)),
  );
  for (const { asked, stream } of turns) {
    asked.say("half");
    await stream.take(1);
  }
  const [wentOn, joined, stopped, read, retried] = turns;
  assert(wentOn && joined && stopped && read && retried);
  await using waiting = await there.resume(joined.sessionId, joined.stream.lastId);
  await gate[Symbol.asyncDispose]();
  const killedAt = performance.now();

  const again = async (name: string, session_id: string, replace_from?: string) => {
    const script = quick(name);
    const message = promptOf(script);
    const fields = { message, session_id, ...(replace_from === undefined ? {} : { replace_from }) };
    const { response, status } = await there.whole(fields);
    assertEquals([status, response], ["complete", textOf(script)]);
  };
  await again("at-once", wentOn.sessionId);
  report(`a session went on ${(performance.now() - killedAt).toFixed(0)} ms after its process was killed`);
  await again("retry", retried.sessionId, retried.messageId);
  assertEquals((await there.history(retried.sessionId)).length, 2);
  assertEquals(await there.stop(stopped.sessionId), []);
  const dead = [];
  for (const { sessionId, replyId } of [stopped, read, joined, wentOn]) {
    const reply = (await there.history(sessionId))[1];
    assertEquals([reply?.message_id, reply?.status], [replyId, "failed"]);
    assert("half".startsWith(reply?.content ?? "?"));
    dead.push(reply?.content);
  }
  const events = await waiting.rest();
  // How many events a process had sent dies with it.
  assertStored(events, joined.replyId, 1e9 + 1, "failed");
  assertEquals(textIn(events), dead[2]);
  for (const { sessionId } of [stopped, read, joined]) await again(`last-${sessionId}`, sessionId);
  await other.stop();
});
