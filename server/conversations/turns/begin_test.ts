import { assert, assertEquals, assertRejects } from "@std/assert";
import { settle } from "../../effects/fake_clock.ts";
import { GatehouseError } from "../../errors/mod.ts";
import { never, readAll, request, stored, told, USER, World } from "./turns_fixture.ts";
import type { TurnRequest } from "./turns.ts";

async function codeOf(work: Promise<unknown>): Promise<string> {
  return (await assertRejects(() => work, GatehouseError)).code;
}

Deno.test("begin() stores the user's message before the model is asked, and done comes when the session is free", async () => {
  await using world = await World.open();
  const process = world.start();
  const { turns, model } = process;
  model.headers = { "content-type": "text/event-stream", "x-request-id": "r1" };
  const turn = await turns.begin(request("hi", { metadata: { a: 1 } }));
  assertEquals(await stored(process, turn.sessionId), ["user complete: hi", "busy"]);
  const events = readAll(turn);
  await settle();
  model.last.say("he", "llo");
  model.last.finish();
  const all = await events;
  assertEquals(told(all), ["session", "he", "llo", "done: complete"]);
  assertEquals(await stored(process, turn.sessionId), ["user complete: hi", "assistant complete: hello"]);
  const { message, usage, headers, failure } = await turn.ended;
  assertEquals(headers, { "x-request-id": "r1" });
  assertEquals([message?.id, message?.finishReason, message?.model, failure], [turn.replyId, "stop", "m1", null]);
  assertEquals([usage?.usage.total_tokens, message?.bill?.cost?.micros], [7, 3]);
  assertEquals(all[0], { n: 0, type: "session", sessionId: turn.sessionId, messageId: turn.messageId });
});

Deno.test("begin() waits for the end of a turn that is being stopped, and no other", async () => {
  await using world = await World.open();
  const process = world.start();
  const { turns, model, store } = process;
  const first = await turns.begin(request("first"));
  const { sessionId } = first;
  // At once: its end is not stored yet.
  first.stop();
  const client = new AbortController();
  await turns.begin(request("second", { sessionId, grace: null, signal: client.signal }));
  client.abort();
  const turn = await turns.begin(request("third", { sessionId }));
  assertEquals(await codeOf(turns.begin(request("busy", { sessionId }))), "session_busy");
  // A client that does not wait so long.
  store.fail({ kind: "unavailable" }, { calls: ["commit"] });
  turn.stop();
  const impatient = new AbortController();
  const waiting = codeOf(turns.begin(request("late", { sessionId, signal: impatient.signal })));
  await settle();
  impatient.abort(new GatehouseError("client_closed_request", "left"));
  assertEquals(await waiting, "client_closed_request");
  store.heal();
  await world.settled(turns.begin(request("last", { sessionId })));
  const texts = ["first", "second", "third"].flatMap((
    text,
  ) => [`user complete: ${text}`, "assistant stopped: "]);
  assertEquals(await stored(process, sessionId), [...texts, "user complete: last", "busy"]);
  assertEquals(model.calls.map(({ isAborted }) => isAborted), [true, true, true, false]);
});

Deno.test("what is refused before the call is let through leaves nothing behind", async () => {
  await using world = await World.open();
  const { turns, model, library } = world.start();
  model.refusal = new GatehouseError("rate_limit_exceeded", "Cannot admit this request: the test says so");
  assertEquals(await codeOf(turns.begin(request("hi"))), "rate_limit_exceeded");
  model.refusal = null;
  assertEquals(await codeOf(turns.begin(request("hi", { settings: { model: "m9" } }))), "model_not_found");
  assertEquals(await codeOf(turns.begin(request("hi", { fields: { messages: [] } }))), "invalid_field");
  const gone = AbortSignal.abort(new Error("left"));
  assertEquals(await codeOf(turns.begin(request("hi", { signal: gone }))), "client_closed_request");
  assertEquals(await codeOf(turns.begin(request("hi", { sessionId: "none" }))), "not_found");
  assertEquals(await codeOf(turns.begin(request("hi", { replaceFrom: "none" }))), "not_found");
  assertEquals((await library.list(USER, { limit: 10, cursor: null }, null)).items, []);
  assertEquals([model.calls.length, world.clock.pending], [0, 0]);
});

Deno.test("a second turn in a session is refused while one runs, and goes on from it afterwards", async () => {
  await using world = await World.open();
  const process = world.start();
  const { turns, model } = process;
  const one = await turns.begin(request("one"));
  const { sessionId } = one;
  assertEquals(await codeOf(turns.begin(request("two", { sessionId }))), "session_busy");
  model.last.say("first");
  model.last.finish("length");
  await one.ended;
  // Nobody else is told of somebody's session.
  const who = { ...request("").who, userId: "u2" };
  assertEquals(await codeOf(turns.begin(request("x", { sessionId, who }))), "not_found");
  const both = [turns.begin(request("two", { sessionId })), turns.begin(request("three", { sessionId }))];
  const results = await Promise.allSettled(both);
  assertEquals(results.map(({ status }) => status).sort(), ["fulfilled", "rejected"]);
  const [, , , last] = model.last.messages;
  assertEquals(model.last.messages.slice(0, 3), [
    { role: "system", content: "Be kind." },
    { role: "user", content: "one" },
    { role: "assistant", content: "first" },
  ]);
  assert(last?.content === "two" || last?.content === "three");
});

Deno.test("replace_from goes on from before a message: what came after it is not sent and not in the history", async () => {
  await using world = await World.open();
  const process = world.start();
  const { turns, model } = process;
  const one = await turns.begin(request("one"));
  model.last.say("first");
  model.last.finish();
  await one.ended;
  const { sessionId, messageId } = one;
  const two = await turns.begin(request("better", { sessionId, replaceFrom: messageId }));
  assertEquals(model.last.messages.slice(1), [{ role: "user", content: "better" }]);
  model.last.say("second");
  model.last.finish();
  assertEquals((await two.ended).message?.historyFrom, null);
  assertEquals(await stored(process, sessionId), ["user complete: better", "assistant complete: second"]);
  assertEquals(await codeOf(turns.begin(request("x", { sessionId, replaceFrom: messageId }))), "not_found");
});

Deno.test("the model is asked with the turn's settings over the session's over the defaults, and its own headers", async () => {
  await using world = await World.open();
  const { turns, model } = world.start();
  const wish: Partial<TurnRequest> = {
    newSession: { settings: { model: "m2", systemPrompt: "Be brief.", topP: 0.5 } },
    settings: { maxTokens: 9 },
    fields: { seed: 3 },
    headers: [["user-agent", "a"], ["idempotency-key", "k"], ["traceparent", "t"], ["openai-organization", "o"], [
      "cookie",
      "c",
    ]],
  };
  const turn = await turns.begin(request("hi", wish));
  const { call } = model.last;
  assertEquals([call.model, call.maxOutput, call.stream, call.timeout], ["m2", 100, true, null]);
  assertEquals(call.body, {
    temperature: 0.1,
    seed: 3,
    max_tokens: 9,
    top_p: 0.5,
    messages: [{ role: "system", content: "Be brief." }, { role: "user", content: "hi" }],
  });
  assertEquals(call.headers.map(([name]) => name), ["user-agent", "traceparent", "openai-organization"]);
  model.last.finish();
  await turn.ended;
  const { sessionId } = turn;
  await turns.begin(request("again", { sessionId, settings: { model: "default", systemPrompt: "" } }));
  assertEquals(model.last.call.model, "m1");
  assertEquals(model.last.messages[0]?.role, "user");
});

Deno.test("historyFrom names the first message that was sent, also where it is the new one", async () => {
  await using world = await World.open();
  const { turns, model } = world.start();
  const one = await turns.begin(request("one ".repeat(200)));
  model.last.say("first");
  model.last.finish();
  assertEquals((await one.ended).message?.historyFrom, null);
  model.window = 300;
  const { sessionId } = one;
  const two = await turns.begin(request("two ".repeat(150), { sessionId }));
  assertEquals(model.last.messages.map(({ role }) => role), ["system", "user"]);
  model.last.finish();
  assertEquals((await two.ended).message?.historyFrom, two.messageId);
});

Deno.test("a reply of several rounds: each is stored, the events are one row, and the ids name the first", async () => {
  await using world = await World.open();
  const process = world.start();
  const { turns, model } = process;
  const tools = [{ name: "now" }];
  const asked: string[][] = [];
  const turn = await turns.begin(request("what time?", {
    newSession: { tools },
    callTools(calls) {
      asked.push(calls.map(({ name }) => name));
      return Promise.resolve(calls.map(({ id }) => ({ toolCallId: id, content: "noon" })));
    },
  }));
  const events = readAll(turn);
  model.last.say("Let me see.");
  model.last.ask("c1", "now");
  model.last.finish("tool_calls");
  await settle();
  assertEquals(model.calls.length, 2);
  assertEquals(model.last.messages.slice(1).map(({ role }) => role), ["user", "assistant", "tool"]);
  model.last.say("Noon.");
  model.last.finish();
  assertEquals(told(await events), ["session", "Let me see.", "Noon.", "done: complete"]);
  assertEquals(asked, [["now"]]);
  assertEquals(await stored(process, turn.sessionId), [
    "user complete: what time?",
    "assistant complete: Let me see.",
    "tool complete: noon",
    "assistant complete: Noon.",
  ]);
  const { message, usage } = await turn.ended;
  assert(message !== null && message.id !== turn.replyId);
  assertEquals(usage?.usage.total_tokens, 14);
  const joined = await turns.join(USER, turn.sessionId, { replyId: turn.replyId, n: 1 });
  assert(joined.kind === "live");
  assertEquals(told(await Array.fromAsync(joined.turn.events(1, never))), ["Noon.", "done: complete"]);
});
