import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { type Json, messagesOf, say, script, sent, startTalk, str } from "../conversation/contract_talk_fixture.ts";
import {
  callTools,
  errorCode,
  openIn,
  openSession,
  params,
  result,
  type Socket,
  WEATHER,
} from "./contract_socket_fixture.ts";

const user = (content: string) => ({ role: "user", content });
const FUNCTION = { type: "function", function: WEATHER };
const call = (id: string, city = "Rome") => ({ id, name: "weather", arguments: JSON.stringify({ city }) });
const called = (...ids: string[]) => ({
  role: "assistant",
  tool_calls: ids.map((id) => ({
    id,
    type: "function",
    function: { name: "weather", arguments: call(id).arguments },
  })),
});
const found = (tool_call_id: string, value: unknown = { sky: "blue" }) => ({
  tool_call_id,
  tool_name: "weather",
  result: value,
});

/** Begins a task and gives its id. */
async function generate(socket: Socket, fields: Json): Promise<string> {
  return str(result(await socket.call(1, "generate", fields))["task_id"]);
}

/** Sends results and gives the answer, past the notifications. */
async function give(socket: Socket, task_id: string, ...results: unknown[]): Promise<Json> {
  socket.send({ jsonrpc: "2.0", id: "give", method: "tool_result", params: { task_id, results } });
  return (await socket.until((frame) => frame["id"] === "give")).at(-1) ?? {};
}

/** A message as the upstream saw it, without what is null or empty. */
function bare(message: unknown): Json {
  const entries = Object.entries(message as Json); // sent as an object
  return Object.fromEntries(entries.filter(([, value]) => value !== null && value !== ""));
}

Deno.test("both forms of tools go upstream as OpenAI's", async () => {
  await using talk = await startTalk();
  const { ann, upstream } = talk;
  for (const tools of [[WEATHER], [FUNCTION]]) {
    const { socket } = await openSession(ann, "/create_session", { tools });
    await using _ = socket;
    await generate(socket, { message: "x" });
    await socket.notified("end");
    assertEquals(sent(upstream.last)["tools"], [FUNCTION]);
    await generate(socket, { history: [user("x")] });
    await socket.notified("end");
    assertEquals(sent(upstream.last)["tools"], [FUNCTION]);
    const other = { name: "other", description: "d", parameters: { type: "object" } };
    await generate(socket, { message: "x", tools: [other] });
    await socket.notified("end");
    const names = (sent(upstream.last)["tools"] as Json[]).map((tool) => (tool["function"] as Json)["name"]); // OpenAI's form
    assert(names.includes("other"));
  }
});

for (const stored of [true, false]) {
  Deno.test(`two calls in one round, then the answer: ${stored ? "stored" : "stateless"}`, async () => {
    await using talk = await startTalk();
    const { ann, upstream } = talk;
    upstream.answer = script(callTools(call("call_1"), call("call_2")), say("It is blue."));
    const { socket, session } = await openSession(ann, "/create_session", { tools: [WEATHER] });
    await using _ = socket;
    const task_id = await generate(socket, stored ? { message: "weather?" } : { history: [user("weather?")] });
    for (const request_id of ["call_1", "call_2"]) {
      assertEquals(await socket.notified("function_call_request"), {
        session_id: session,
        task_id,
        request_id,
        tool_name: "weather",
        parameters: { city: "Rome" },
      });
    }
    const first = result(await give(socket, task_id, found("call_2", "grey")));
    assertEquals([Object.keys(first).sort(), first["task_id"]], [["accepted", "task_id"], task_id]);
    assertEquals(upstream.calls.length, 1);
    result(
      await give(socket, task_id, {
        tool_call_id: "call_1",
        tool_name: "weather",
        is_error: true,
        error_message: "no net",
      }),
    );
    const end = await socket.notified("end");
    assertEquals([end["task_id"], end["final_text"]], [task_id, "It is blue."]);
    const [asked, calls, one, two, ...more] = messagesOf(upstream.last);
    assertEquals([asked, bare(calls), more], [user("weather?"), called("call_1", "call_2"), []]);
    const results = new Map([one, two].map((message) => [(message as Json)["tool_call_id"], message as Json])); // sent as objects
    assertEquals(results.get("call_2")?.["content"], "grey");
    assert(str(results.get("call_1")?.["content"]).includes("no net"));
    for (const message of results.values()) assertEquals(message["role"], "tool");
    const history = await ann.history(session);
    assertEquals(
      history.map((message) => message["role"]),
      stored ? ["user", "assistant", "tool", "tool", "assistant"] : [],
    );
    if (!stored) return;
    await ann.turn({ message: "and now?", session_id: session });
    const again = messagesOf(upstream.last);
    assertEquals(again.length, 6);
    assertEquals(bare(again[1]), called("call_1", "call_2"));
  });
}

Deno.test("several rounds, text between them, results that are objects", async () => {
  await using talk = await startTalk();
  const { ann, upstream } = talk;
  upstream.answer = script(callTools(call("c1")), callTools(call("c2")), callTools(call("c3")), say("done"));
  const { socket, session } = await openSession(ann, "/create_session", { tools: [WEATHER] });
  await using _ = socket;
  const task_id = await generate(socket, { message: "x" });
  for (const id of ["c1", "c2", "c3"]) {
    assertEquals((await socket.notified("function_call_request"))["request_id"], id);
    result(await give(socket, task_id, found(id, { n: id, list: [1, null] })));
  }
  assertEquals((await socket.notified("end"))["final_text"], "done");
  const sentUp = messagesOf(upstream.last).map(bare);
  assertEquals(sentUp.map((message) => message["role"]), [
    "user",
    "assistant",
    "tool",
    "assistant",
    "tool",
    "assistant",
    "tool",
  ]);
  assertEquals(JSON.parse(str(sentUp[2]?.["content"])), { n: "c1", list: [1, null] });
  assertEquals((await ann.history(session)).length, 8);
});

Deno.test("arguments that are no JSON are told, not thrown", async () => {
  await using talk = await startTalk();
  const { ann, upstream } = talk;
  upstream.answer = script(callTools({ id: "c1", name: "weather", arguments: '{"city": Ro' }), say("ok"));
  const { socket } = await openSession(ann, "/create_session", { tools: [WEATHER] });
  await using _ = socket;
  const task_id = await generate(socket, { message: "x" });
  const asked = await socket.notified("function_call_request");
  assertEquals(asked["parameters"], { _raw: '{"city": Ro' });
  result(await give(socket, task_id, found("c1")));
  await socket.notified("end");
});

Deno.test("results for an unknown task, an unknown call, twice, and after a cancel", async () => {
  await using talk = await startTalk();
  const { ann, upstream } = talk;
  upstream.answer = script(callTools(call("c1"), call("c2")), say("ok"));
  const { socket, session } = await openSession(ann, "/create_session", { tools: [WEATHER] });
  await using _ = socket;
  assertEquals(errorCode(await give(socket, "01ARZ3NDEKTSV4RRFFQ69G5FAV", found("c1"))), -32001);
  const task_id = await generate(socket, { message: "x" });
  await socket.notified("function_call_request");
  await socket.notified("function_call_request");
  const strange = await give(socket, task_id, found("c9"));
  if (!("error" in strange)) assertNotEquals(result(strange)["accepted"], 1);
  result(await give(socket, task_id, found("c1", "first")));
  await give(socket, task_id, found("c1", "second"));
  assertEquals(upstream.calls.length, 1);
  socket.send({ jsonrpc: "2.0", id: 3, method: "cancel", params: { task_id } });
  const cancelled = (await socket.until((frame) => frame["id"] === 3)).at(-1) ?? {};
  assertEquals(result(cancelled), { cancelled: [task_id] });
  await socket.notified("end");
  assertEquals(errorCode(await give(socket, task_id, found("c2"))), -32001);
  assertEquals(upstream.calls.length, 1);
  const turn = await ann.turn({ message: "next", session_id: session });
  assertEquals(turn["response"], "ok");
  whole(messagesOf(upstream.last));
});

/** Holds every call of a tool to have its result behind it, and every result its call before it. */
function whole(messages: readonly unknown[]): void {
  const open = new Set<unknown>();
  for (const message of messages as Json[]) { // sent as objects
    if (message["role"] === "tool") assert(open.delete(message["tool_call_id"]), JSON.stringify(messages));
    else assertEquals([...open], [], JSON.stringify(messages));
    for (const one of (message["tool_calls"] ?? []) as Json[]) open.add(one["id"]); // OpenAI's list
  }
  assertEquals([...open], [], JSON.stringify(messages));
}

Deno.test("five minutes without a result end the task with an error, and the session goes on", async () => {
  await using talk = await startTalk();
  const { ann, house, upstream } = talk;
  upstream.answer = script(callTools(call("c1")), say("ok"));
  const { socket, session } = await openSession(ann, "/create_session", { tools: [WEATHER] });
  await using _ = socket;
  const task_id = await generate(socket, { message: "x" });
  await socket.notified("function_call_request");
  house.clock.skip(299_000);
  assertEquals(errorCode(await socket.call(7, "generate", { message: "still busy?" })), -32002);
  house.clock.skip(2000);
  const failed = params((await socket.until((frame) => frame["method"] !== undefined)).at(-1) ?? {});
  assertEquals([failed["session_id"], failed["task_id"]], [session, task_id]);
  assert(JSON.stringify(failed["error"]).includes("tool_results_missing"), JSON.stringify(failed));
  assertEquals(errorCode(await give(socket, task_id, found("c1"))), -32001);
  await ann.turn({ message: "next", session_id: session });
  whole(messagesOf(upstream.last));
});

Deno.test("a session with tools talks over HTTP too, and leaves no call without its result", async () => {
  await using talk = await startTalk();
  const { ann, upstream } = talk;
  const { socket, session } = await openSession(ann, "/create_session", { tools: [WEATHER] });
  await using _ = socket;
  upstream.answer = script(callTools(call("c1")), say("ok"));
  const turn = await ann.call("POST", "/conversation", { message: "x", session_id: session, stream: false });
  assert([200, 502].includes(turn.status), turn.text);
  await ann.turn({ message: "next", session_id: session });
  whole(messagesOf(upstream.last));
});

Deno.test("the window never parts a call from its result", async () => {
  await using talk = await startTalk({ LLM_CONTEXT_TOKENS: "5000" });
  const { ann, upstream } = talk;
  const { socket, session } = await openSession(ann, "/create_session", { tools: [WEATHER] });
  await using _ = socket;
  const words = Array.from({ length: 150 }, (_, n) => `w${n}x`).join(" ");
  let cut = false;
  for (let n = 0; n < 8; n++) {
    upstream.answer = script(callTools(call(`c${n}`)), say("ok"));
    const task_id = await generate(socket, { message: `${n} ${words}` });
    await socket.notified("function_call_request");
    result(await give(socket, task_id, found(`c${n}`, words)));
    await socket.notified("end");
    const messages = messagesOf(upstream.last) as Json[]; // sent as objects
    whole(messages);
    assertEquals(messages[0]?.["role"], "user");
    assert(messages.some((message) => message["content"] === `${n} ${words}`));
    cut ||= messages.length < (n + 1) * 4 - 1;
  }
  assert(cut, "nothing was ever cut");
  assertEquals((await ann.history(session, "?limit=100")).length, 32);
});

Deno.test("a client that leaves while the model waits for results keeps the session whole", async () => {
  await using talk = await startTalk();
  const { ann, upstream } = talk;
  upstream.answer = script(callTools(call("c1"), call("c2")), say("ok"));
  const { socket, session } = await openSession(ann, "/create_session", { tools: [WEATHER] });
  const task_id = await generate(socket, { message: "x" });
  await socket.notified("function_call_request");
  result(await give(socket, task_id, found("c1")));
  socket.close();
  await socket.closed;
  await using second = await openIn(ann, session);
  for (let round = 0; round < 60; round++) {
    const busy = await second.call(1, "generate", { message: "again" });
    if (!("error" in busy)) break;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  assertEquals((await second.notified("end"))["final_text"], "ok");
  whole(messagesOf(upstream.last));
});
