import { assert, assertEquals } from "@std/assert";
import { chunk, DONE, events, FINISH, json, silence, USAGE } from "../../testing/mod.ts";
import { type Answer, assertError, type House, type Json, rows, startHouse } from "./contract_fixture_test.ts";

const MESSAGES = [{ role: "user", content: "hello" }];
const chat = (house: House, credential: string, fields: Json = {}) =>
  house.call("POST", "/api/v1/llm/chat", credential, { messages: MESSAGES, ...fields });
const stream = (house: House, credential: string, fields: Json = {}) =>
  house.call("POST", "/api/v1/llm/chat/stream", credential, { messages: MESSAGES, ...fields });

function frames(answer: Answer): string[] {
  return answer.text.split("\n\n").filter((frame) => frame.startsWith("data: ")).map((frame) => frame.slice(6));
}

const completion = (message: Json, usage: Json | null = { prompt_tokens: 5, completion_tokens: 2, total_tokens: 7 }) =>
  json(JSON.stringify({
    id: "c",
    object: "chat.completion",
    model: "m1",
    choices: [{ index: 0, message: { role: "assistant", ...message }, finish_reason: "stop" }],
    ...(usage === null ? {} : { usage }),
  }));

const call = (id: string, args: string) => ({ id, type: "function", function: { name: "f", arguments: args } });

Deno.test("/api/v1/llm/chat answers exactly the six fields", async () => {
  await using house = await startHouse();
  const ann = await house.user("ann");
  const answer = await chat(house, ann.access, { temperature: 0.5, max_tokens: 10 });
  assertEquals(answer.status, 200, answer.text);
  const { latency_ms, ...rest } = answer.json;
  assert(typeof latency_ms === "number" && latency_ms >= 0);
  assertEquals(rest, {
    content: "hi",
    model: "m1",
    usage: { prompt_tokens: 5, completion_tokens: 2, total_tokens: 7, estimated: false },
    tool_calls: [],
    cost: { micros: 33, currency: "USD" },
  });
  const sent = JSON.parse(house.upstream.last.text);
  assertEquals([sent.model, sent.temperature, sent.max_tokens, sent.messages], ["m1", 0.5, 10, MESSAGES]);
});

Deno.test("/api/v1/llm/chat has no cost for a model without a price", async () => {
  await using house = await startHouse();
  house.upstream.list = () => Response.json({ object: "list", data: [{ id: "m1" }, { id: "free" }] });
  const ann = await house.user("ann");
  house.upstream.answer = () => json(JSON.stringify({ model: "free", choices: [{ message: { content: "x" } }] }));
  const answer = await chat(house, ann.access, { model: "free" });
  assertEquals([answer.status, answer.json["cost"]], [200, null], answer.text);
});

Deno.test("null counts as absent, on both chats", async () => {
  await using house = await startHouse();
  const ann = await house.user("ann");
  const fields = { model: null, temperature: null, max_tokens: null, tools: null, tool_choice: null, timeout: null };
  assertEquals((await chat(house, ann.access, fields)).status, 200);
  assertEquals(Object.values(JSON.parse(house.upstream.last.text)).includes(null), false);
  house.upstream.answer = () => events(chunk("hi"), FINISH, USAGE, DONE);
  assertEquals((await stream(house, ann.access, fields)).status, 200);
});

Deno.test("the gateway names fields that are wrong or unknown", async () => {
  await using house = await startHouse();
  const ann = await house.user("ann");
  const cases: [Json, string][] = [
    [{ messages: undefined }, "messages"],
    [{ messages: null }, "messages"],
    [{ messages: "hi" }, "messages"],
    [{ messages: [] }, "messages"],
    [{ model: 5 }, "model"],
    [{ temperature: "hot" }, "temperature"],
    [{ max_tokens: 1.5 }, "max_tokens"],
    [{ max_tokens: -1 }, "max_tokens"],
    [{ tools: {} }, "tools"],
    [{ timeout: -1 }, "timeout"],
    [{ timeout: "5" }, "timeout"],
    [{ stream: true }, "stream"],
    [{ n: 2 }, "n"],
    [{ user: "x" }, "user"],
    [{ max_completion_tokens: 4 }, "max_completion_tokens"],
  ];
  for (const [fields, param] of cases) {
    for (const send of [chat, stream]) {
      const answer = await send(house, ann.access, fields);
      assertError(answer, 422, "invalid_field", param);
    }
  }
  assertEquals(house.upstream.calls.length, 0);
});

Deno.test("tool calls come parsed, and as _raw where they do not parse", async () => {
  await using house = await startHouse();
  const ann = await house.user("ann");
  house.upstream.answer = () =>
    completion({
      content: null,
      tool_calls: [call("1", '{"a":1}'), call("2", "{broken"), call("3", ""), call("4", "[1]"), call("5", '"x"')],
    });
  const answer = await chat(house, ann.access);
  assertEquals([answer.status, answer.json["content"]], [200, ""], answer.text);
  const [first, second, third, fourth, fifth] = answer.json["tool_calls"] as Json[]; // compared field for field below
  assertEquals(first, { id: "1", name: "f", arguments: { a: 1 } });
  assertEquals(second, { id: "2", name: "f", arguments: { _raw: "{broken" } });
  assert(typeof third?.["arguments"] === "object");
  assertEquals([fourth?.["arguments"], fifth?.["arguments"]], [{ _raw: "[1]" }, { _raw: '"x"' }]);
});

Deno.test("/chat/stream gives content, a last chunk with usage, then [DONE]", async () => {
  await using house = await startHouse();
  const ann = await house.user("ann");
  house.upstream.answer = () => events(chunk("he"), chunk("llo"), FINISH, USAGE, DONE);
  const answer = await stream(house, ann.access);
  assertEquals([answer.status, answer.headers.get("content-type")], [200, "text/event-stream"]);
  assertEquals(answer.headers.get("cache-control"), "no-cache, no-transform");
  assertEquals(answer.headers.get("x-accel-buffering"), "no");
  const all = frames(answer);
  assertEquals(all.at(-1), "[DONE]");
  const parsed = all.slice(0, -1).map((frame) => JSON.parse(frame));
  assertEquals(parsed.map((frame) => frame.content).join(""), "hello");
  assertEquals(parsed.map((frame) => frame.is_final), parsed.map((_, n) => n === parsed.length - 1));
  assertEquals(parsed.at(-1).usage, { prompt_tokens: 5, completion_tokens: 2, total_tokens: 7, estimated: false });
  for (const frame of parsed) assertEquals(frame.model, "m1");
});

Deno.test("/chat/stream gathers tool calls and gives them parsed", async () => {
  await using house = await startHouse();
  const ann = await house.user("ann");
  const delta = (tool: Json) =>
    `data: ${
      JSON.stringify({ id: "c", choices: [{ index: 0, delta: { tool_calls: [tool] }, finish_reason: null }] })
    }\n\n`;
  house.upstream.answer = () =>
    events(
      delta({ index: 0, id: "1", type: "function", function: { name: "f", arguments: '{"a"' } }),
      delta({ index: 1, id: "2", type: "function", function: { name: "g", arguments: "{no" } }),
      delta({ index: 0, function: { arguments: ":1}" } }),
      FINISH,
      USAGE,
      DONE,
    );
  const answer = await stream(house, ann.access);
  const calls = frames(answer).slice(0, -1).flatMap((frame) => JSON.parse(frame).tool_calls ?? []);
  assertEquals(calls, [{ id: "1", name: "f", arguments: { a: 1 } }, {
    id: "2",
    name: "g",
    arguments: { _raw: "{no" },
  }]);
});

Deno.test("a stream that is cut ends with an error frame and without [DONE]", async () => {
  await using house = await startHouse();
  const ann = await house.user("ann");
  house.upstream.answer = () => events(chunk("he"));
  const all = frames(await stream(house, ann.access));
  const last = JSON.parse(all.at(-1) ?? "");
  assertEquals([last.error, Object.keys(last).sort()], ["upstream_truncated", ["detail", "error"]]);
  assert(!all.includes("[DONE]"));
});

Deno.test("an upstream's 4xx keeps status and body; its 401 and 5xx are 502", async () => {
  await using house = await startHouse();
  const ann = await house.user("ann");
  for (const send of [chat, stream]) {
    const body = '{"error":{"message":"too long","code":"context_length_exceeded"}}';
    for (const status of [400, 413, 422, 429]) {
      house.upstream.answer = () => json(body, { status, headers: { "retry-after": "7" } });
      const kept = await send(house, ann.access);
      assertEquals([kept.status, kept.text, kept.headers.get("retry-after")], [status, body, "7"]);
    }
    house.upstream.answer = () => json(body, { status: 401 });
    assertError(await send(house, ann.access), 502, "upstream_unauthorized");
    house.upstream.answer = () => json(body, { status: 500 });
    assertError(await send(house, ann.access), 502, "upstream_failed");
    house.upstream.answer = () => new Response("<html>", { headers: { "content-type": "text/html" } });
    const garbage = await send(house, ann.access);
    if (send === chat) assertError(garbage, 502, "upstream_failed");
    else assert(garbage.status === 502 || JSON.parse(frames(garbage).at(-1) ?? "{}").error !== undefined, garbage.text);
  }
});

Deno.test("an unknown model is 404, on both chats", async () => {
  await using house = await startHouse();
  const ann = await house.user("ann");
  for (const send of [chat, stream]) {
    assertError(await send(house, ann.access, { model: "nope" }), 404, "model_not_found", "model");
  }
});

Deno.test("timeout is in seconds and ends in 504, with the upstream told", async () => {
  await using house = await startHouse();
  const ann = await house.user("ann");
  house.upstream.answer = silence;
  const waiting = chat(house, ann.access, { timeout: 40 });
  await house.upstream.called(1);
  house.clock.skip(41_000);
  assertError(await waiting, 504, "upstream_timeout");
});

Deno.test("/api/v1/llm/models is a list with a cursor", async () => {
  await using house = await startHouse();
  const ann = await house.user("ann");
  assertEquals(rows(await house.call("GET", "/api/v1/llm/models", ann.access)).map((row) => row["id"]), ["m1"]);
});

Deno.test("the gateway demands a credential and knows its methods", async () => {
  await using house = await startHouse();
  for (
    const [method, path] of [["POST", "chat"], ["POST", "chat/stream"], ["GET", "models"], ["GET", "usage"]] as const
  ) {
    const body = method === "POST" ? { messages: MESSAGES } : undefined;
    assertError(await house.call(method, `/api/v1/llm/${path}`, null, body), 401, "credential_required");
    assertError(await house.call(method, `/api/v1/llm/${path}`, "junk", body), 401, "invalid_api_key");
  }
  const ann = await house.user("ann");
  const wrong = await house.call("PUT", "/api/v1/llm/chat", ann.access, {});
  assertError(wrong, 405, "method_not_allowed");
});
