import { assert, assertEquals } from "@std/assert";
import { chunk, Feed, left, silence } from "../../testing/mod.ts";
import { type Json, messagesOf, say, sent, startTalk, str } from "../conversation/contract_talk_fixture.ts";
import { RawClient } from "../../http/frame_fixture.ts";
import { callTools, openIn, openSession, params, result, Socket, WEATHER } from "./contract_socket_fixture.ts";

/** What comes next: a frame, or how the socket closed. */
function outcome(socket: Socket): Promise<Json> {
  return Promise.race([socket.next(), socket.closed.then(({ code }) => ({ closed: code }))]);
}

Deno.test("a socket whose key is deleted, or whose user is disabled, asks the model no more", async () => {
  await using talk = await startTalk();
  const { ann, house, upstream } = talk;
  const session = str((await ann.call("POST", "/set-llm", {})).json["session_id"]);
  const { id, key } = await house.key(ann.access);
  await using byKey = await Socket.open(house, `/ws/${session}`, { authorization: `Bearer ${key}` });
  await using byLogin = await openIn(ann, session);
  assertEquals((await ann.call("DELETE", `/keys/${id}`)).status, 204);
  byKey.send("x");
  assert(!("chunk" in await outcome(byKey)));
  await house.limit(ann.id, { disabled: true });
  byLogin.send("x");
  assert(!("chunk" in await outcome(byLogin)));
  assertEquals(upstream.calls.length, 0);
});

Deno.test("a session deleted under its sockets answers an error, in either protocol", async () => {
  await using talk = await startTalk();
  const { ann, upstream } = talk;
  const text = await openSession(ann, "/set-llm");
  const rpc = await openSession(ann, "/create_session");
  await using _text = text.socket;
  await using _rpc = rpc.socket;
  for (const { session } of [text, rpc]) await ann.call("DELETE", `/conversation/session/${session}`);
  text.socket.send("x");
  rpc.socket.send({ jsonrpc: "2.0", id: 1, method: "generate", params: { message: "x" } });
  for (const { socket } of [text, rpc]) {
    const frame = await outcome(socket);
    assert("error" in frame || "closed" in frame, JSON.stringify(frame));
  }
  assertEquals(upstream.calls.length, 0);
});

Deno.test("POST …/stop ends a task as a cancel does, and its events can be resumed over HTTP", async () => {
  await using talk = await startTalk();
  const { ann, upstream } = talk;
  const feed = new Feed();
  upstream.answer = () => feed.response;
  const { socket, session } = await openSession(ann, "/create_session");
  await using _ = socket;
  const { task_id } = result(await socket.call(1, "generate", { message: "x" }));
  feed.send(chunk("half"));
  await socket.notified("text_chunk");
  const resumed = await ann.resume(session, null);
  const stopped = (await ann.call("POST", `/conversation/session/${session}/stop`)).json["stopped"];
  await feed.left;
  const end = await socket.notified("end");
  assertEquals([end["task_id"], end["final_text"]], [task_id, "half"]);
  const events = await resumed.text();
  assert(events.includes('{"content":"half"}') && events.includes("event: done"), events);
  assertEquals((await ann.history(session)).slice(1).map((one) => [one["message_id"], one["status"]]), [
    [(stopped as unknown[])[0], "stopped"], // the contract's list
  ]);
});

Deno.test("the usage of the end is that of all rounds", async () => {
  await using talk = await startTalk();
  const { ann, upstream } = talk;
  const USAGE = '{"id":"c","choices":[],"usage":{"prompt_tokens":5,"completion_tokens":2,"total_tokens":7}}';
  const calls = callTools({ id: "c1", name: "weather", arguments: "{}" });
  upstream.answer = async (seen) => {
    if (upstream.calls.length > 1) return say("ok")(seen);
    const text = await calls(seen).text();
    return new Response(text.replace("data: [DONE]", `data: ${USAGE}\n\ndata: [DONE]`), {
      headers: { "content-type": "text/event-stream" },
    });
  };
  const { socket } = await openSession(ann, "/create_session", { tools: [WEATHER] });
  await using _ = socket;
  const { task_id } = result(await socket.call(1, "generate", { message: "x" }));
  await socket.notified("function_call_request");
  const results = [{ tool_call_id: "c1", tool_name: "weather", result: 1 }];
  result(await socket.call(2, "tool_result", { task_id, results }));
  assertEquals((await socket.notified("end"))["usage"], {
    prompt_tokens: 10,
    completion_tokens: 4,
    total_tokens: 14,
    estimated: false,
  });
});

Deno.test("calls without an id, with one id twice or without arguments are calls like others", async () => {
  await using talk = await startTalk();
  const { ann, upstream } = talk;
  const variants = [
    [{ id: "", name: "weather", arguments: "{}" }],
    [{ id: "a", name: "weather", arguments: "" }],
    [{ id: "a", name: "weather", arguments: "{}" }, { id: "a", name: "weather", arguments: "{}" }],
  ];
  for (const calls of variants) {
    const before = upstream.calls.length;
    upstream.answer = (seen) => upstream.calls.length === before + 1 ? callTools(...calls)(seen) : say("ok")(seen);
    const { socket } = await openSession(ann, "/create_session", { tools: [WEATHER] });
    await using _ = socket;
    const { task_id } = result(await socket.call(1, "generate", { message: "x" }));
    const ids: string[] = [];
    for (const _call of calls) {
      const asked = await socket.notified("function_call_request");
      assertEquals(asked["parameters"], {});
      ids.push(str(asked["request_id"]));
    }
    assert(ids.every((id) => id !== "") && new Set(ids).size === ids.length, `${ids}`);
    const results = ids.map((tool_call_id) => ({ tool_call_id, tool_name: "weather", result: null }));
    result(await socket.call(2, "tool_result", { task_id, results }));
    await socket.notified("end");
    const answered = messagesOf(upstream.last).slice(2).map((message) => (message as Json)["tool_call_id"]); // sent as objects
    assertEquals(answered, ids);
  }
});

Deno.test("what is decided here cannot be passed on: messages, stream", async () => {
  await using talk = await startTalk();
  const { socket } = await openSession(talk.ann, "/create_session");
  await using _ = socket;
  for (const more of [{ messages: [] }, { stream: false }]) {
    const answer = await socket.call(1, "generate", { message: "x", ...more });
    assertEquals((answer["error"] as Json)["code"], -32602); // JSON-RPC's error object
  }
  result(await socket.call(2, "generate", { message: "x", user: "me" }));
  await socket.notified("end");
  assertEquals(sent(talk.upstream.last)["user"], "me");
});

Deno.test("a reader that stops reading is closed, and the upstream is left", async () => {
  await using talk = await startTalk();
  const { ann, house, upstream } = talk;
  const feed = new Feed();
  let gone = false;
  void feed.left.then(() => gone = true);
  upstream.answer = () => feed.response;
  const session = str((await ann.call("POST", "/set-llm", {})).json["session_id"]);
  using client = await RawClient.open(new URL(`/ws/${session}`, house.gate.origin), {
    authorization: `Bearer ${ann.access}`,
  });
  await client.text("go");
  await upstream.called(1);
  for (let n = 0; n < 600 && !gone; n++) {
    feed.send(chunk("z".repeat(100_000)));
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  await feed.left;
});

Deno.test("frames in their order: the answer to generate comes before anything of its task", async () => {
  await using talk = await startTalk();
  const { socket, session } = await openSession(talk.ann, "/create_session");
  await using _ = socket;
  for (let n = 0; n < 8; n++) {
    socket.send({
      jsonrpc: "2.0",
      id: n,
      method: "generate",
      params: { history: [{ role: "user", content: `${n}` }] },
    });
  }
  const begun = new Set<unknown>();
  const ended = new Set<unknown>();
  while (ended.size < 8) {
    const frame = await socket.next();
    if ("result" in frame) begun.add(result(frame)["task_id"]);
    else {
      const { task_id, session_id } = params(frame);
      assertEquals(session_id, session);
      assert(begun.has(task_id) && !ended.has(task_id), JSON.stringify(frame));
      if (frame["method"] === "end") ended.add(task_id);
    }
  }
});

Deno.test("a tool's task that is left by its client aborts what runs at the upstream", async () => {
  await using talk = await startTalk();
  const { ann, upstream } = talk;
  upstream.answer = (seen) =>
    upstream.calls.length === 1 ? callTools({ id: "c1", name: "weather", arguments: "{}" })(seen) : silence(seen);
  const { socket } = await openSession(ann, "/create_session", { tools: [WEATHER] });
  const { task_id } = result(await socket.call(1, "generate", { message: "x" }));
  await socket.notified("function_call_request");
  const results = [{ tool_call_id: "c1", tool_name: "weather", result: { list: [1] } }];
  result(await socket.call(2, "tool_result", { task_id, results }));
  await upstream.called(2);
  socket.close();
  await left(upstream.last);
  await socket.closed;
});
