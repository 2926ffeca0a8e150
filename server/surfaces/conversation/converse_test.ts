import { assert, assertEquals } from "@std/assert";
import type { TurnRequest } from "../../conversations/mod.ts";
import { RefusedError } from "../../conversations/mod.ts";
import { settle } from "../../effects/fake_clock.ts";
import { GatehouseError } from "../../errors/mod.ts";
import { asGatehouseError } from "../../http/mod.ts";
import { BILL, conversationFixture, replyOf, told } from "./conversation_fixture.ts";
import { ScriptedTurn } from "./scripted_turn_fixture.ts";

const bytesOf = (text: string) => new TextEncoder().encode(text);
const SESSION = { type: "session", sessionId: "01SESSION", messageId: "01MESSAGE" } as const;
const chunk = (text: string) => ({ type: "chunk", text }) as const;
const REFUSED = {
  kind: "refused",
  status: 429,
  headers: { "content-type": "application/json", "retry-after": "7" },
} as const;
const refusal = (body: string) => new RefusedError({ ...REFUSED, body: bytesOf(body) }, "main");

function opened(...events: ConstructorParameters<typeof ScriptedTurn>) {
  const fixture = conversationFixture();
  const turn = new ScriptedTurn(...events);
  fixture.rooms.begin = () => Promise.resolve(turn);
  return { ...fixture, turn };
}

/** What was asked of the turns, without what every request has. */
function wishOf(request: TurnRequest | undefined): unknown {
  assert(request !== undefined);
  const { who: _, signal: __, headers: ___, startedAt: ____, log: _____, ...wish } = request;
  return wish;
}

Deno.test("a streamed turn comes as events, each named by the reply and its number, byte for byte", async () => {
  const done = { type: "done", message: replyOf({ historyFrom: "01OLD" }) } as const;
  const { ask } = opened(SESSION, chunk("he\n"), chunk('"llo"'), done);
  const response = await ask("POST /conversation", { json: { message: "hi" } });
  assertEquals(
    [response.status, response.headers.get("content-type"), response.headers.get("cache-control")],
    [200, "text/event-stream", "no-cache, no-transform"],
  );
  assertEquals(response.headers.get("x-ratelimit-remaining-requests"), "9");
  assertEquals(
    await response.text(),
    'id: 01REPLY:0\nevent: session\ndata: {"session_id":"01SESSION","message_id":"01MESSAGE"}\n\n' +
      'id: 01REPLY:1\nevent: chunk\ndata: {"content":"he\\n"}\n\n' +
      'id: 01REPLY:2\nevent: chunk\ndata: {"content":"\\"llo\\""}\n\n' +
      'id: 01REPLY:3\nevent: done\ndata: {"session_id":"01SESSION","message_id":"01REPLY","status":"complete",' +
      '"finish_reason":"stop","history_from":"01OLD",' +
      '"usage":{"prompt_tokens":5,"completion_tokens":2,"total_tokens":7,"estimated":false},' +
      '"cost":{"micros":12,"currency":"USD"}}\n\n',
  );
});

Deno.test("no frame holds what some clients take for the end of a line", async () => {
  const text = "a\u2028b\u2029c\u0085d\\u2028e";
  const { ask } = opened(SESSION, chunk(text), { type: "done", message: replyOf({ finishReason: "\u2028" }) });
  const stream = await (await ask("POST /conversation", { json: { message: "hi" } })).text();
  assertEquals(/[\u0085\u2028\u2029]/.test(stream), false);
  const [, second = "", third = ""] = [...stream.matchAll(/^data: (.*)$/gm)].map(([, data]) => data);
  assertEquals([JSON.parse(second).content, JSON.parse(third).finish_reason], [text, "\u2028"]);
});

Deno.test("a failure in a stream is its last event: the error body, of a refusal in the upstream's words", async () => {
  const ours = new GatehouseError("upstream_truncated", "Cannot answer: cut; try again");
  const own = '{"error":{"message":"slow down","type":"x","param":null,"code":"busy","extra":1},"more":1}';
  const cases = [
    [ours, ours.toBody()],
    [refusal(own), {
      error: { message: "slow down", type: "x", param: null, code: "busy", status: 429, retry_after: 7 },
      detail: "slow down",
    }],
    [new TypeError("secret"), asGatehouseError(null).toBody()],
  ] as const;
  for (const [error, data] of cases) {
    const { ask } = opened(SESSION, { type: "error", error });
    const [, event] = (await (await ask("POST /conversation", { json: { message: "hi" } })).text()).split("\n\n");
    assertEquals(event, `id: 01REPLY:1\nevent: error\ndata: ${JSON.stringify(data)}`);
  }
});

Deno.test("what begin() refuses is a status, streamed or not", async () => {
  const { ask, rooms } = conversationFixture();
  rooms.begin = () => Promise.reject(new GatehouseError("session_busy", "Cannot begin: busy"));
  for (const stream of [true, false]) {
    const refused = await ask("POST /conversation", { json: { message: "hi", stream } });
    assertEquals([refused.headers.get("cache-control"), await told(refused)], ["no-store", "409 session_busy"]);
  }
});

Deno.test("stream:false answers when the turn has ended, with the reply as it is stored", async () => {
  for (const status of ["complete", "stopped"] as const) {
    const { ask, turn } = opened();
    turn.end({ message: replyOf({ status }), usage: BILL });
    const response = await ask("POST /conversation", { json: { message: "hi", stream: false } });
    assertEquals([response.status, response.headers.get("cache-control")], [200, "no-store"]);
    assertEquals(response.headers.get("x-ratelimit-remaining-requests"), "9");
    assertEquals(await response.json(), {
      session_id: "01SESSION",
      message_id: "01REPLY",
      status,
      finish_reason: "stop",
      history_from: null,
      usage: BILL.usage,
      cost: BILL.cost,
      response: "hello",
    });
    assertEquals(turn.readers, 0);
  }
});

Deno.test("stream:false carries what crosses from the upstream, and what is left of our own limits wins", async () => {
  const { ask, turn } = opened();
  const headers = { "openai-processing-ms": "5", "x-ratelimit-remaining-requests": "1" };
  turn.end({ message: replyOf(), headers });
  const response = await ask("POST /conversation", { json: { message: "hi", stream: false } });
  assertEquals(Object.fromEntries(response.headers), {
    "cache-control": "no-store",
    "content-type": "application/json",
    "openai-processing-ms": "5",
    "x-ratelimit-remaining-requests": "9",
  });
});

Deno.test("stream:false answers a failure as an error, and a refusal of the upstream as it came", async () => {
  const asked = { json: { message: "hi", stream: false } };
  const failed = opened();
  failed.turn.end({ message: replyOf({ status: "failed" }), failure: new GatehouseError("upstream_timeout", "Late") });
  assertEquals(await told(await failed.ask("POST /conversation", asked)), "504 upstream_timeout");
  const refused = opened();
  refused.turn.end({ failure: refusal("[1.0]") });
  const answer = await refused.ask("POST /conversation", asked);
  assertEquals([answer.status, answer.headers.get("retry-after"), await answer.text()], [429, "7", "[1.0]"]);
  assertEquals(answer.headers.get("cache-control"), "no-store");
});

Deno.test("a client that leaves ends its own reading of a stream, and its waiting for a whole answer", async () => {
  const client = new AbortController();
  const streamed = opened(SESSION);
  const response = await streamed.ask("POST /conversation", { json: { message: "hi" }, signal: client.signal });
  await settle();
  assertEquals(streamed.turn.readers, 0);
  const reader = response.body?.getReader();
  await reader?.read();
  const next = reader?.read().catch(() => "left");
  await settle();
  assertEquals(streamed.turn.reading, 1);
  client.abort();
  assertEquals(await next, "left");
  await settle();
  assertEquals(streamed.turn.reading, 0);

  const waiting = new AbortController();
  const whole = opened();
  const asked = whole.ask("POST /conversation", { json: { message: "hi", stream: false }, signal: waiting.signal });
  await settle();
  waiting.abort();
  whole.turn.end({ message: replyOf({ status: "stopped" }) });
  assertEquals((await asked).status, 499);
});

Deno.test("what the body says is asked of the turns: in a new session the settings become its own", async () => {
  const { ask, rooms } = conversationFixture();
  const say = async (json: unknown) => {
    await (await ask("POST /conversation", { json })).text();
    return wishOf(rooms.begun.at(-1));
  };
  const rest = { metadata: null, replaceFrom: null, grace: 20_000, sessionId: null };
  assertEquals(await say({ message: "hi" }), { ...rest, content: "hi", newSession: { settings: {} } });
  const settings = { model: "default", temperature: 0, systemPrompt: "Be brief." };
  const asked = { model: "default", temperature: 0, system_prompt: "Be brief." };
  assertEquals(await say({ message: "hi", ...asked, stream: false }), {
    ...rest,
    content: "hi",
    newSession: { settings },
    grace: null,
  });
  const parts = [{ type: "text", text: "what is it?" }, {
    type: "image_url",
    image_url: { url: "data:,", detail: "low" },
  }];
  assertEquals(
    await say({
      message: parts,
      ...asked,
      session_id: "01SESSION",
      replace_from: "01OLD",
      metadata: { a: { b: [1] } },
    }),
    {
      sessionId: "01SESSION",
      content: parts,
      settings,
      metadata: { a: { b: [1] } },
      replaceFrom: "01OLD",
      grace: 20_000,
    },
  );
  const nulls = { session_id: null, model: null, temperature: null, system_prompt: null, stream: null };
  assertEquals(await say({ message: "hi", ...nulls, replace_from: null, metadata: null }), {
    ...rest,
    content: "hi",
    newSession: { settings: {} },
  });
  assertEquals(rooms.begun[0]?.startedAt, 3);
  assertEquals(rooms.begun[0]?.headers, [["content-type", "application/json"]]);
});

Deno.test("a message takes no other fields and no other values, and nothing of it gets to the turns", async () => {
  const { ask, rooms } = conversationFixture();
  const message = "hi";
  const wrong: readonly (readonly [unknown, string])[] = [
    [{}, "message"],
    [{ message: "" }, "message"],
    [{ message: null }, "message"],
    [{ message: [] }, "message"],
    [{ message: ["hi"] }, "message.0"],
    [{ message: [{ text: "hi" }] }, "message.0.type"],
    [{ message: [{ type: "text" }] }, "message.0.text"],
    [{ message: [{ type: "text", text: "a" }, { type: "text", text: 1 }] }, "message.1.text"],
    [{ message: [{ type: "image_url", image_url: "x" }] }, "message.0.image_url.url"],
    [{ message: [{ type: "image_url", image_url: { url: 1 } }] }, "message.0.image_url.url"],
    [{ message, temperature: 2.5 }, "temperature"],
    [{ message, temperature: "1" }, "temperature"],
    [{ message, model: "" }, "model"],
    [{ message, system_prompt: "x".repeat(32 * 1024 + 1) }, "system_prompt"],
    [{ message, stream: "yes" }, "stream"],
    [{ message, max_tokens: 1 }, "max_tokens"],
    [{ message, replace_from: "01OLD" }, "replace_from"],
    [{ message, session_id: null, replace_from: "01OLD" }, "replace_from"],
    [{ message, session_id: "01SESSION", replace_from: "x y" }, "replace_from"],
    [{ message, metadata: [] }, "metadata"],
    [{ message, metadata: "x" }, "metadata"],
    [{ message, metadata: { a: "é".repeat(4 * 1024) } }, "metadata"],
  ];
  for (const [json, param] of wrong) {
    assertEquals(await told(await ask("POST /conversation", { json })), `422 invalid_field ${param}`);
  }
  const unknown = { message, session_id: "../x" };
  assertEquals(await told(await ask("POST /conversation", { json: unknown })), "404 not_found");
  assertEquals(rooms.begun, []);
  const largest = { a: "x".repeat(8 * 1024 - '{"a":""}'.length) };
  const other = [{ type: "input_audio", input_audio: { data: "" } }];
  for (const json of [{ message, metadata: largest }, { message: other }, { message, temperature: 2 }]) {
    await (await ask("POST /conversation", { json })).text();
  }
  assertEquals(rooms.begun.length, 3);
});
