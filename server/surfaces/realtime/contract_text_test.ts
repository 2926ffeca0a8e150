import { assert, assertEquals, assertRejects } from "@std/assert";
import { chunk, DONE, events, Feed, FINISH, json, left, silence, USAGE } from "../../testing/mod.ts";
import {
  assertUlid,
  type Json,
  messagesOf,
  person,
  say,
  sent,
  startTalk,
  str,
} from "../conversation/contract_talk_fixture.ts";
import { RawClient } from "../../http/frame_fixture.ts";
import { openIn, openSession, Socket } from "./contract_socket_fixture.ts";

const USED = { prompt_tokens: 5, completion_tokens: 2, total_tokens: 7, estimated: false };

Deno.test("a text frame is answered by chunks and done, and the history goes on", async () => {
  await using talk = await startTalk();
  const { ann, upstream } = talk;
  const { socket, session } = await openSession(ann, "/set-llm", { system_prompt: "be brief" });
  await using _ = socket;
  for (let turn = 1; turn <= 3; turn++) {
    socket.send(`turn ${turn}`);
    const all = await socket.until((frame) => "done" in frame);
    const done = all.pop() ?? {};
    assertEquals(all.map((frame) => Object.keys(frame)), all.map(() => ["chunk"]));
    assertEquals(all.map((frame) => frame["chunk"]).join(""), "Hello there");
    const { message_id, ...rest } = done;
    assertUlid(message_id);
    assertEquals(rest, { done: true, usage: USED });
    assertEquals(messagesOf(upstream.last).length, turn * 2);
    assertEquals((await ann.history(session)).at(-1)?.["message_id"], message_id);
  }
  assertEquals(messagesOf(upstream.last)[0], { role: "system", content: "be brief" });
  const { name, message_count } = await ann.show(session);
  assert(str(name).length > 0);
  assertEquals([message_count, upstream.calls.length], [6, 3]);
});

Deno.test("a second frame while a turn runs is session_busy, and the first goes on", async () => {
  await using talk = await startTalk();
  const feed = new Feed();
  talk.upstream.answer = () => feed.response;
  const { socket } = await openSession(talk.ann, "/set-llm");
  await using _ = socket;
  socket.send("one");
  feed.send(chunk("a"));
  assertEquals(await socket.next(), { chunk: "a" });
  socket.send("two");
  const busy = (await socket.next())["error"] as Json; // looked into in the next line
  assertEquals(busy["code"], "session_busy");
  feed.send(chunk("b") + FINISH + USAGE + DONE);
  feed.close();
  assertEquals((await socket.until((frame) => "done" in frame)).at(0), { chunk: "b" });
  talk.upstream.answer = say("well");
  socket.send("three");
  assertEquals(await socket.next(), { chunk: "well" });
  await socket.next();
});

Deno.test("failures of every kind are error frames, and the socket lives on", async () => {
  await using talk = await startTalk();
  const { ann, upstream } = talk;
  const { socket, session } = await openSession(ann, "/set-llm");
  await using _ = socket;
  const cases: [() => Response, string | null][] = [
    [() => json('{"error":{"message":"too long","code":"context"}}', { status: 400 }), null],
    [() => json("{}", { status: 401 }), "upstream_unauthorized"],
    [() => json("{}", { status: 500 }), "upstream_failed"],
    [() => events(chunk("half")), "upstream_truncated"],
    [() => events(chunk("half"), 'data: {"error":{"message":"overloaded"}}\n\n'), null],
  ];
  for (const [n, [answer, code]] of cases.entries()) {
    upstream.answer = answer;
    socket.send("x");
    const last = (await socket.until((frame) => "error" in frame || "done" in frame)).at(-1) ?? {};
    const error = last["error"] as Json; // looked into in the next line
    assert(str(error["message"]).length > 0);
    if (code !== null) assertEquals(error["code"], code);
    assertEquals((await ann.history(session)).length, (n + 1) * 2);
  }
  upstream.answer = say("well");
  socket.send("y");
  assertEquals(await socket.next(), { chunk: "well" });
  await socket.next();
});

Deno.test("an empty frame and a binary frame are errors, not turns", async () => {
  await using talk = await startTalk();
  const { socket } = await openSession(talk.ann, "/set-llm");
  await using _ = socket;
  socket.send("");
  assert("error" in await socket.next());
  assertEquals(talk.upstream.calls.length, 0);
  socket.send("x");
  assertEquals(await socket.next(), { chunk: "Hello" });
});

Deno.test("a client that leaves aborts the upstream, and its reply is stored as it stands", async () => {
  await using talk = await startTalk();
  const { ann, upstream } = talk;
  const feed = new Feed();
  upstream.answer = () => feed.response;
  const { socket, session } = await openSession(ann, "/set-llm");
  socket.send("one");
  feed.send(chunk("half"));
  assertEquals(await socket.next(), { chunk: "half" });
  socket.close();
  await feed.left;
  await socket.closed;
  const [, reply] = await ann.stored(session, 2);
  assertEquals([reply?.["content"], reply?.["status"]], ["half", "stopped"]);
  upstream.answer = silence;
  const second = await openIn(ann, session);
  second.send("two");
  await upstream.called(2);
  second.close();
  await left(upstream.last);
  await second.closed;
  upstream.answer = say("well");
  await ann.stored(session, 4);
  await ann.turn({ message: "three", session_id: session });
});

Deno.test("POST …/stop ends a turn of the socket", async () => {
  await using talk = await startTalk();
  const { ann, upstream } = talk;
  const feed = new Feed();
  upstream.answer = () => feed.response;
  const { socket, session } = await openSession(ann, "/set-llm");
  await using _ = socket;
  socket.send("one");
  feed.send(chunk("half"));
  await socket.next();
  const stopped = await ann.call("POST", `/conversation/session/${session}/stop`);
  assertEquals((stopped.json["stopped"] as unknown[]).length, 1); // the contract's list
  await feed.left;
  const last = (await socket.until((frame) => !("chunk" in frame))).at(-1) ?? {};
  assertEquals([last["done"], last["message_id"]], [true, (stopped.json["stopped"] as unknown[])[0]]); // as above
});

Deno.test("the socket opens by header, by subprotocol and by ticket, and else answers 401 and 404", async () => {
  await using talk = await startTalk();
  const { ann, house } = talk;
  const made = await ann.call("POST", "/set-llm", {});
  const session = str(made.json["session_id"]);
  const path = `/ws/${session}`;
  const { key } = await house.key(ann.access);
  for (const token of [ann.access, key]) {
    await using header = await Socket.open(house, path, { authorization: `Bearer ${token}` });
    header.send("x");
    assertEquals(await header.next(), { chunk: "Hello" });
    await header.until((frame) => "done" in frame);
    await using pair = await Socket.open(house, path, {}, ["bearer", token]);
    assertEquals(pair.protocol, "bearer");
  }
  const ticket = str((await ann.call("POST", "/ws-ticket", { session_id: session })).json["ticket"]);
  await using _ = await Socket.open(house, `${path}?ticket=${encodeURIComponent(ticket)}`);
  const bob = await person(house, "bob");
  const other = str((await ann.call("POST", "/set-llm", {})).json["session_id"]);
  const late = str((await ann.call("POST", "/ws-ticket", { session_id: session })).json["ticket"]);
  const wrong = str((await ann.call("POST", "/ws-ticket", { session_id: session })).json["ticket"]);
  const url = (where: string) => new URL(where, house.gate.origin);
  const status = async (where: string, headers: Record<string, string> = {}) => {
    using client = await RawClient.request(url(where), headers);
    return client.status;
  };
  assertEquals(await status(path), 401);
  assertEquals(await status(`${path}?ticket=${encodeURIComponent(ticket)}`), 401);
  assertEquals(await status(`${path}?ticket=nonsense`), 401);
  assertEquals(await status(`/ws/${other}?ticket=${encodeURIComponent(wrong)}`), 401);
  assertEquals(await status(path, { authorization: `Bearer ${bob.access}` }), 404);
  assertEquals(await status("/ws/01ARZ3NDEKTSV4RRFFQ69G5FAV", { authorization: `Bearer ${ann.access}` }), 404);
  assertEquals(await status("/ws/x", { authorization: `Bearer ${ann.access}` }), 404);
  house.clock.skip(31_000);
  assertEquals(await status(`${path}?ticket=${encodeURIComponent(late)}`), 401);
  const plain = await ann.call("GET", path);
  assertEquals([plain.status, (plain.json["error"] as Json)["code"]], [426, "upgrade_required"], plain.text); // one body
});

Deno.test("a page of another origin opens no socket", async () => {
  await using talk = await startTalk();
  const { house, ann } = talk;
  const session = str((await ann.call("POST", "/set-llm", {})).json["session_id"]);
  for (const origin of ["https://evil.example", "null"]) {
    using client = await RawClient.request(new URL(`/ws/${session}`, house.gate.origin), { origin });
    assert(client.status === 401 || client.status === 403);
  }
  await assertRejects(() => Socket.open(house, `/ws/${session}`, { authorization: "Bearer gh_nobody" }));
});

Deno.test("a frame over 1 MiB closes with 1009, one of 1 MiB is a message", async () => {
  await using talk = await startTalk({ LLM_CONTEXT_TOKENS: "100000000" });
  const { ann, house } = talk;
  const session = str((await ann.call("POST", "/set-llm", {})).json["session_id"]);
  const url = new URL(`/ws/${session}`, house.gate.origin);
  const headers = { authorization: `Bearer ${ann.access}` };
  using client = await RawClient.open(url, headers);
  const text = "x".repeat(1_048_576);
  await client.text(text.slice(0, 500_000), text.slice(500_000));
  assertEquals(JSON.parse(await client.nextText()), { chunk: "Hello" });
  assert((sent(talk.upstream.last)["messages"] as Json[])[0]?.["content"] === text); // an array of objects
  client.vanish();
  using over = await RawClient.open(url, headers);
  await over.text(`${text}x`);
  assertEquals((await over.closed())?.code, 1009);
});

Deno.test("a limited key gets the error frame rate_limit_exceeded, with a model list model_not_allowed", async () => {
  await using talk = await startTalk();
  const { ann, house } = talk;
  const session = str((await ann.call("POST", "/set-llm", {})).json["session_id"]);
  const limited = await house.key(ann.access, { rpm: 1 });
  const narrow = await house.key(ann.access, { models: ["m2"] });
  await using one = await Socket.open(house, `/ws/${session}`, { authorization: `Bearer ${limited.key}` });
  one.send("x");
  await one.until((frame) => "done" in frame);
  one.send("y");
  assertEquals(((await one.next())["error"] as Json)["code"], "rate_limit_exceeded"); // the contract's object
  await using two = await Socket.open(house, `/ws/${session}`, { authorization: `Bearer ${narrow.key}` });
  two.send("x");
  assertEquals(((await two.next())["error"] as Json)["code"], "model_not_allowed"); // as above
  assertEquals((await ann.history(session)).length, 2);
});
