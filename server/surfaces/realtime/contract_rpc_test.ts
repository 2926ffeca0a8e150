import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { chunk, DONE, events, Feed, FINISH, json, left, silence, USAGE } from "../../testing/mod.ts";
import {
  assertUlid,
  type Json,
  messagesOf,
  say,
  script,
  sent,
  startTalk,
  str,
} from "../conversation/contract_talk_fixture.ts";
import { errorCode, openSession, params, result, Socket, type Socket as Open } from "./contract_socket_fixture.ts";

const USED = { prompt_tokens: 5, completion_tokens: 2, total_tokens: 7, estimated: false };
const user = (content: string) => ({ role: "user", content });

/** Begins a task and gives its id. */
async function generate(socket: Open, fields: Json, id: number | string = 1): Promise<string> {
  return str(result(await socket.call(id, "generate", fields))["task_id"]);
}

Deno.test("generate with a message is answered at once, then come chunks and the end, and the turn is stored", async () => {
  await using talk = await startTalk();
  const { ann, upstream } = talk;
  const { socket, session } = await openSession(ann, "/create_session");
  await using _ = socket;
  const answer = result(await socket.call("a", "generate", { message: "hello" }));
  assertEquals(Object.keys(answer).sort(), ["session_id", "task_id"]);
  assertEquals(answer["session_id"], session);
  const { task_id } = answer;
  const all = await socket.until((frame) => frame["method"] === "end");
  const end = params(all.pop() ?? {});
  for (const frame of all) {
    assertEquals(frame["method"], "text_chunk");
    const { chunk, ...ids } = params(frame);
    assertEquals([ids, typeof chunk], [{ session_id: session, task_id }, "string"]);
  }
  assertEquals(all.map((frame) => params(frame)["chunk"]).join(""), "Hello there");
  const { status_message, ...rest } = end;
  assert(str(status_message).length > 0);
  assertEquals(rest, { session_id: session, task_id, final_text: "Hello there", usage: USED });
  const history = await ann.history(session);
  assertEquals(history.map((one) => [one["role"], one["content"]]), [["user", "hello"], ["assistant", "Hello there"]]);
  await generate(socket, { message: "again" }, 2);
  await socket.notified("end");
  assertEquals(messagesOf(upstream.last).length, 3);
});

Deno.test("generate with a history is stateless, sends it to the letter and stores nothing", async () => {
  await using talk = await startTalk({ LLM_SYSTEM_PROMPT: "default" });
  const { ann, upstream } = talk;
  const { socket, session } = await openSession(ann, "/create_session");
  await using _ = socket;
  const history = [
    { role: "system", content: "own" },
    user("a"),
    { role: "assistant", content: "b" },
    user("c"),
  ];
  await generate(socket, { history });
  assertEquals((await socket.notified("end"))["final_text"], "Hello there");
  assertEquals(messagesOf(upstream.last), history);
  assertEquals(await ann.history(session), []);
  assertEquals((await ann.show(session))["message_count"], 0);
});

Deno.test("other parameters go upstream, max_new_tokens as max_tokens", async () => {
  await using talk = await startTalk();
  const { ann, upstream } = talk;
  const { socket } = await openSession(ann, "/create_session");
  await using _ = socket;
  const more = { temperature: 0.5, top_p: 0.9, seed: 7, stop: ["x"], response_format: { type: "json_object" } };
  for (const first of [{ history: [user("a")] }, { message: "a" }]) {
    await generate(socket, { ...first, model: "m2", max_new_tokens: 50, ...more });
    await socket.notified("end");
    const body = sent(upstream.last);
    for (const [name, value] of Object.entries(more)) assertEquals(body[name], value, name);
    assertEquals([body["model"], body["max_tokens"] ?? body["max_completion_tokens"]], ["m2", 50]);
    for (const name of ["history", "message", "max_new_tokens"]) assertEquals(name in body, false, name);
  }
});

Deno.test("a second stored turn gets -32002 while the first runs, and the first goes on", async () => {
  await using talk = await startTalk();
  const feed = new Feed();
  talk.upstream.answer = () => feed.response;
  const { socket, session } = await openSession(talk.ann, "/create_session");
  await using _ = socket;
  await generate(socket, { message: "one" });
  await talk.upstream.called(1);
  assertEquals(errorCode(await socket.call(2, "generate", { message: "two" })), -32002);
  const outside = await talk.ann.call("POST", "/chat", { session_id: session, message: "x" });
  assertEquals(outside.status, 409);
  feed.send(chunk("a") + FINISH + USAGE + DONE);
  feed.close();
  assertEquals((await socket.notified("end"))["final_text"], "a");
  assertEquals((await talk.ann.history(session)).length, 2);
});

Deno.test("a turn that runs elsewhere makes generate -32002", async () => {
  await using talk = await startTalk();
  const feed = new Feed();
  talk.upstream.answer = () => feed.response;
  const { socket, session } = await openSession(talk.ann, "/create_session");
  await using _ = socket;
  await using stream = await talk.ann.stream({ message: "one", session_id: session });
  await stream.until("session");
  assertEquals(errorCode(await socket.call(2, "generate", { message: "two" })), -32002);
  feed.send(FINISH + DONE);
  feed.close();
  await stream.rest();
});

Deno.test("eight stateless tasks run at once, a ninth gets -32002, and each task's chunks are its own", async () => {
  await using talk = await startTalk();
  const { ann, upstream } = talk;
  const feeds: Feed[] = [];
  upstream.answer = () => {
    const feed = new Feed();
    feeds.push(feed);
    return feed.response;
  };
  const { socket } = await openSession(ann, "/create_session");
  await using _ = socket;
  const tasks: string[] = [];
  for (let n = 0; n < 8; n++) tasks.push(await generate(socket, { history: [user(`${n}`)] }, n));
  await upstream.called(8);
  assertEquals(new Set(tasks).size, 8);
  assertEquals(errorCode(await socket.call(9, "generate", { history: [user("9")] })), -32002);
  for (const [n, feed] of feeds.entries()) {
    const asked = str((messagesOf(upstream.calls[n] ?? upstream.last)[0] as Json)["content"]); // sent as an object
    feed.send(chunk(`of ${asked}`) + FINISH + DONE);
    feed.close();
  }
  const ends = new Map<unknown, unknown>();
  while (ends.size < 8) {
    const end = await socket.notified("end");
    ends.set(end["task_id"], end["final_text"]);
  }
  assertEquals(tasks.map((task) => ends.get(task)), tasks.map((_, n) => `of ${n}`));
  upstream.answer = say("free");
  await generate(socket, { history: [user("x")] });
  await socket.notified("end");
});

Deno.test("cancel aborts one task or all, and says which", async () => {
  await using talk = await startTalk();
  const { ann, upstream } = talk;
  upstream.answer = silence;
  const { socket, session } = await openSession(ann, "/create_session");
  await using _ = socket;
  const stored = await generate(socket, { message: "a" });
  await upstream.called(1);
  const [first] = upstream.calls;
  const one = await generate(socket, { history: [user("b")] });
  const two = await generate(socket, { history: [user("c")] });
  await upstream.called(3);
  const answered = async (id: number, fields: Json) => {
    socket.send({ jsonrpc: "2.0", id, method: "cancel", params: fields });
    const all = await socket.until((frame) => frame["id"] === id);
    return all.at(-1) ?? {};
  };
  assertEquals(result(await answered(5, { task_id: stored })), { cancelled: [stored] });
  if (first !== undefined) await left(first);
  const rest = result(await answered(6, {}))["cancelled"] as string[]; // the contract's list
  assertEquals(rest.toSorted(), [one, two].toSorted());
  for (const seen of upstream.calls) await left(seen);
  assertEquals(result(await answered(7, {})), { cancelled: [] });
  const again = await answered(8, { task_id: stored });
  if ("error" in again) assertEquals(errorCode(again), -32001);
  else assertEquals(result(again), { cancelled: [] });
  const history = await ann.stored(session, 2);
  assertEquals([history[0]?.["content"], history[1]?.["status"]], ["a", "stopped"]);
  assertEquals(errorCode(await answered(9, { task_id: "01ARZ3NDEKTSV4RRFFQ69G5FAV" })), -32001);
});

Deno.test("-32700, -32600, -32601 and -32602 for what is none, and the socket lives on", async () => {
  await using talk = await startTalk();
  const { socket } = await openSession(talk.ann, "/create_session");
  await using _ = socket;
  for (const text of ["{", "", "hello", "{'a':1}"]) {
    socket.send(text);
    const frame = await socket.next();
    assertEquals([frame["id"], errorCode(frame)], [null, -32700], text);
  }
  const invalid: unknown[] = [
    5,
    null,
    "x",
    [],
    {},
    { jsonrpc: "2.0", id: 1 },
    { id: 1, method: "generate" },
    {
      jsonrpc: "1.0",
      id: 1,
      method: "generate",
    },
    { jsonrpc: "2.0", id: {}, method: "generate" },
    { jsonrpc: "2.0", id: 1, method: 5 },
    {
      jsonrpc: "2.0",
      id: 1,
      method: "generate",
      params: "x",
    },
  ];
  for (const value of invalid) {
    socket.send(JSON.stringify(value));
    const code = errorCode(await socket.next());
    assert(code === -32600 || (code === -32602 && (value as Json | null)?.["params"] === "x"), JSON.stringify(value)); // an object has string keys
  }
  for (const method of ["nothing", "constructor", "toString", "__proto__", "Generate", "rpc.discover"]) {
    assertEquals(errorCode(await socket.call(1, method, {})), -32601, method);
  }
  const cases: [string, unknown][] = [
    ["generate", {}],
    ["generate", []],
    ["generate", ["x"]],
    ["generate", { message: 5 }],
    ["generate", { message: "" }],
    ["generate", { history: "x" }],
    ["generate", { history: [] }],
    ["generate", { history: [5] }],
    ["generate", { history: [user("a")], message: "b" }],
    ["generate", { message: "a", tools: {} }],
    ["generate", { message: "a", tools: [{ name: "" }] }],
    ["generate", { message: "a", temperature: "hot" }],
    ["generate", { message: "a", max_new_tokens: 0 }],
    ["generate", { message: "a", model: 5 }],
    ["tool_result", {}],
    ["tool_result", { task_id: "x" }],
    ["tool_result", { task_id: 5, results: [] }],
    ["tool_result", { task_id: "x", results: {} }],
    ["tool_result", { task_id: "x", results: [{}] }],
    ["cancel", { task_id: 5 }],
    ["cancel", { other: 5 }],
  ];
  for (const [method, fields] of cases) {
    assertEquals(errorCode(await socket.call(1, method, fields)), -32602, `${method} ${JSON.stringify(fields)}`);
  }
  assertEquals(talk.upstream.calls.length, 0);
  await generate(socket, { message: "still here" });
  await socket.notified("end");
});

Deno.test("an id may be 0, text or left out, and a batch is refused or answered", async () => {
  await using talk = await startTalk();
  const { socket } = await openSession(talk.ann, "/create_session");
  await using _ = socket;
  assertEquals(result(await socket.call(0, "cancel", {})), { cancelled: [] });
  assertEquals(result(await socket.call("", "cancel", {})), { cancelled: [] });
  socket.send({ jsonrpc: "2.0", id: 4, method: "cancel" });
  assertEquals(result(await socket.next()), { cancelled: [] });
  socket.send({ jsonrpc: "2.0", method: "cancel", params: {} });
  socket.send({ jsonrpc: "2.0", method: "nothing", params: {} });
  assertEquals(result(await socket.call(5, "cancel", {})), { cancelled: [] });
  socket.send([{ jsonrpc: "2.0", id: 6, method: "cancel" }]);
  const batch: unknown = await socket.next();
  if (Array.isArray(batch)) assertEquals(batch.length, 1);
  else assertEquals(errorCode(batch as Json), -32600); // no array: the one error object
});

Deno.test("failures of the model are the error notification with -32003, and the socket lives on", async () => {
  await using talk = await startTalk();
  const { ann, upstream } = talk;
  const { socket, session } = await openSession(ann, "/create_session");
  await using _ = socket;
  upstream.answer = script(
    () => json('{"error":{"message":"too long"}}', { status: 400 }),
    () => json("{}", { status: 401 }),
    () => json("{}", { status: 500 }),
    () => json("{}", { status: 429, headers: { "retry-after": "7" } }),
    () => events(chunk("half")),
    () => events(chunk("half"), 'data: {"error":{"message":"overloaded"}}\n\n'),
    say("well"),
  );
  for (let n = 0; n < 6; n++) {
    const task_id = await generate(socket, n % 2 === 0 ? { message: "x" } : { history: [user("x")] });
    const failed = params(
      (await socket.until((frame) => frame["method"] === "error" || frame["method"] === "end")).at(-1) ?? {},
    );
    assertEquals(Object.keys(failed).sort(), ["error", "session_id", "task_id"]);
    const error = failed["error"] as Json; // looked into in the next lines
    assertEquals([failed["session_id"], failed["task_id"], error["code"]], [session, task_id, -32003]);
    assert(str(error["message"]).length > 0);
    assertNotEquals(error["data"], undefined);
  }
  await generate(socket, { message: "y" });
  assertEquals((await socket.notified("end"))["final_text"], "well");
});

Deno.test("-32004 for a model that the key may not use, and a limit's error tells when to come back", async () => {
  await using talk = await startTalk();
  const { ann, house } = talk;
  const session = str((await ann.call("POST", "/create_session", {})).json["session_id"]);
  const narrow = await house.key(ann.access, { models: ["m2"] });
  const limited = await house.key(ann.access, { rpm: 1 });
  await using socket = await Socket.open(house, `/ws/${session}`, { authorization: `Bearer ${narrow.key}` });
  const outcome = async (open: Open, fields: Json): Promise<Json> => {
    open.send({ jsonrpc: "2.0", id: 1, method: "generate", params: fields });
    const first = await open.next();
    if ("error" in first) return first["error"] as Json; // JSON-RPC's error object
    const last = (await open.until((one) => one["method"] === "error" || one["method"] === "end")).at(-1) ?? {};
    return (params(last)["error"] ?? {}) as Json; // as above
  };
  assertEquals((await outcome(socket, { message: "x" }))["code"], -32004);
  assertEquals((await outcome(socket, { history: [user("x")], model: "m3" }))["code"], -32004);
  assertEquals(await outcome(socket, { message: "x", model: "m2" }), {});
  await using slow = await Socket.open(house, `/ws/${session}`, { authorization: `Bearer ${limited.key}` });
  assertEquals(await outcome(slow, { history: [user("x")] }), {});
  const refused = await outcome(slow, { history: [user("y")] });
  assert(JSON.stringify(refused).includes("rate_limit_exceeded"), JSON.stringify(refused));
  assertEquals(talk.upstream.calls.length, 2);
});

Deno.test("leaving cancels every task, and the session is free", async () => {
  await using talk = await startTalk();
  const { ann, upstream } = talk;
  upstream.answer = silence;
  const { socket, session } = await openSession(ann, "/create_session");
  await generate(socket, { message: "a" });
  await generate(socket, { history: [user("b")] }, 2);
  await upstream.called(2);
  socket.close();
  for (const seen of upstream.calls) await left(seen);
  await socket.closed;
  const history = await ann.stored(session, 2);
  assertEquals(history.map((one) => one["status"]), ["complete", "stopped"]);
  assertUlid(history[1]?.["message_id"]);
  upstream.answer = say("well");
  await ann.turn({ message: "b", session_id: session });
});
