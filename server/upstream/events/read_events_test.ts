import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import fc from "fast-check";
import { FakeClock, settle } from "../../effects/fake_clock.ts";
import { type ErrorCode, GatehouseError } from "../../errors/mod.ts";
import { createWatchdog } from "../../network/mod.ts";
import type { ModelEvent } from "./model_event.ts";
import { readEvents } from "./read_events.ts";

const HEAD = '"id":"c1","object":"chat.completion.chunk","model":"m1"';
const delta = (fields: string) => `data: {${HEAD},"choices":[{"index":0,"delta":{${fields}}}]}\n\n`;
const FINISH = `data: {${HEAD},"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\n`;
const DONE = "data: [DONE]\n\n";
const START: ModelEvent = { type: "start", id: "c1", model: "m1" };
const text = (text: string): ModelEvent => ({ type: "text", choice: 0, text });
const STOP: ModelEvent = { type: "finish", choice: 0, reason: "stop" };

interface Outcome {
  readonly events: readonly ModelEvent[];
  /** Null: a clean end. */
  readonly code: ErrorCode | null;
  readonly message: string;
}

function stream(chunks: readonly (string | Uint8Array)[], contentType = "text/event-stream"): Response {
  const bytes = chunks.map((chunk) => typeof chunk === "string" ? new TextEncoder().encode(chunk) : chunk);
  return new Response(ReadableStream.from(bytes), { headers: { "content-type": contentType } });
}

function whole(body: string, headers: Record<string, string> = { "content-length": String(body.length) }): Response {
  return new Response(body, { headers: { "content-type": "application/json", ...headers } });
}

async function outcome(response: Response): Promise<Outcome> {
  const watchdog = createWatchdog(new FakeClock());
  const events: ModelEvent[] = [];
  try {
    const { signal } = new AbortController();
    for await (const event of readEvents(response, { watchdog, silence: 1000, signal, upstream: "u" })) {
      events.push(event);
    }
    return { events, code: null, message: "" };
  } catch (error) {
    if (!(error instanceof GatehouseError)) throw error;
    return { events, code: error.code, message: error.message };
  } finally {
    watchdog.close();
  }
}

/** The events of a stream that ends cleanly, without its start and finish. */
async function said(...chunks: readonly string[]): Promise<readonly ModelEvent[]> {
  const { events, code } = await outcome(stream([...chunks, DONE]));
  assertEquals(code, null);
  return events.filter(({ type }) => type !== "start" && type !== "finish");
}

/** A stream that the test feeds by hand. */
function feed() {
  let controller: ReadableStreamDefaultController<Uint8Array> | null = null;
  const state = { pulls: 0, cancelled: false };
  const body = new ReadableStream<Uint8Array>({
    start: (given) => void (controller = given),
    pull: () => void state.pulls++,
    cancel: () => void (state.cancelled = true),
  }, { highWaterMark: 0 });
  return {
    state,
    response: new Response(body, { headers: { "content-type": "text/event-stream" } }),
    send: (chunk: string) => controller?.enqueue(new TextEncoder().encode(chunk)),
    fail: () => controller?.error(new Error("connection reset by https://secret@host/")),
  };
}

Deno.test("readEvents() gives the same events however the stream is cut", async () => {
  const whole = "\ufeff: hello\r\n\r\n" +
    delta('"role":"assistant","content":""') + delta('"content":"grüße 🦆"') +
    'event: message\rdata: {"choices":[{"delta":\rdata: {"content":"two lines"}}]}\r\r' +
    delta('"tool_calls":[{"index":0,"id":"t1","type":"function","function":{"name":"f","arguments":"{"}}]').replaceAll(
      "\n",
      "\r\n",
    ) + delta('"tool_calls":[{"index":0,"function":{"arguments":"}"}}]') + FINISH +
    `data: {${HEAD},"choices":[],"usage":{"prompt_tokens":5,"completion_tokens":2}}\n\n` + DONE;
  const expected: readonly ModelEvent[] = [
    START,
    text("grüße 🦆"),
    text("two lines"),
    { type: "tool_call_delta", choice: 0, index: 0, id: "t1", name: "f", arguments: "{" },
    { type: "tool_call_delta", choice: 0, index: 0, arguments: "}" },
    STOP,
    { type: "usage", usage: { prompt_tokens: 5, completion_tokens: 2, total_tokens: 7 } },
  ];
  const bytes = new TextEncoder().encode(whole);
  const cuts = fc.array(fc.integer({ min: 0, max: bytes.length }), { maxLength: 40 });
  await fc.assert(
    fc.asyncProperty(cuts, async (cuts) => {
      const places = [0, ...cuts.sort((a, b) => a - b), bytes.length];
      const chunks = places.slice(1).map((end, i) => bytes.slice(places[i], end));
      assertEquals(await outcome(stream(chunks)), { events: expected, code: null, message: "" });
    }),
    { numRuns: 100 },
  );
  assertEquals((await outcome(stream([...bytes].map((byte) => Uint8Array.of(byte))))).events, expected);
});

Deno.test("readEvents() fails where an event is not JSON: without it the answer would pass for whole", async () => {
  for (const broken of ["not json", '{"choices":[{"delta":{"content":"lo', "{}{}"]) {
    const { events, code, message } = await outcome(
      stream([
        new TextEncoder().encode(
          `${delta('"content":"a"')}data: ${broken}\n\n${delta('"content":"b"')}${FINISH}${DONE}`,
        ),
      ]),
    );
    assertEquals([events, code], [[START, text("a")], "upstream_failed"]);
    assertMatch(message, /not JSON/);
  }
});

Deno.test("readEvents() makes the same events of a whole answer", async () => {
  const body = JSON.stringify({
    id: "c1",
    object: "chat.completion",
    model: "m1",
    choices: [{
      index: 0,
      message: {
        role: "assistant",
        content: "hi",
        refusal: null,
        reasoning_content: "hm",
        tool_calls: [
          { index: 0, id: "t1", type: "function", function: { name: "f", arguments: '{"a":1}' } },
          { index: 0, id: "t2", type: "function", function: { name: "f", arguments: { b: 2 } } },
        ],
      },
      finish_reason: "tool_calls",
    }],
    usage: { prompt_tokens: 5, completion_tokens: 2, total_tokens: 9 },
  });
  assertEquals(await outcome(whole(body)), {
    events: [
      START,
      { type: "reasoning", choice: 0, text: "hm" },
      text("hi"),
      { type: "tool_call_delta", choice: 0, index: 0, id: "t1", name: "f", arguments: '{"a":1}' },
      { type: "tool_call_delta", choice: 0, index: 1, id: "t2", name: "f", arguments: '{"b":2}' },
      { type: "finish", choice: 0, reason: "tool_calls" },
      { type: "usage", usage: { prompt_tokens: 5, completion_tokens: 2, total_tokens: 9 } },
    ],
    code: null,
    message: "",
  });
});

Deno.test("readEvents() takes what servers make of the dialect", async () => {
  assertEquals(await said(delta('"content":null'), delta('"role":"assistant"')), []);
  assertEquals(await said('data: {"choices":[{"delta":{"content":"a"}}]}\n\n'), [text("a")]);
  assertEquals(await said('data: {"choices":[{"delta":{"content":"a"},"finish_reason":""}]}\n\n'), [text("a")]);
  assertEquals(await said(delta('"reasoning":"r","reasoning_content":"r"'), delta('"reasoning":"s"')), [
    { type: "reasoning", choice: 0, text: "r" },
    { type: "reasoning", choice: 0, text: "s" },
  ]);
  assertEquals(
    await said(delta(
      '"content":[{"type":"thinking","thinking":[{"type":"text","text":"t"}]},{"type":"text","text":"x"},{"type":"image"}]',
    )),
    [{ type: "reasoning", choice: 0, text: "t" }, text("x"), { type: "other", choice: 0, raw: { type: "image" } }],
  );
  assertEquals(await said(delta('"refusal":"no"')), [{ type: "refusal", choice: 0, text: "no" }]);
  assertEquals(
    await said(delta('"function_call":{"name":"f","arguments":""}'), delta('"function_call":{"arguments":"{}"}')),
    [
      { type: "tool_call_delta", choice: 0, index: 0, name: "f", arguments: "" },
      { type: "tool_call_delta", choice: 0, index: 0, arguments: "{}" },
    ],
  );
  assertEquals(await said(delta('"content":"a","audio":{"id":"x"},"annotations":null')), [
    text("a"),
    { type: "other", choice: 0, raw: { audio: { id: "x" } } },
  ]);
  assertEquals(await said('data: {"choices":[{"index":1,"delta":{"content":"b"}}]}\n\n'), [
    { type: "text", choice: 1, text: "b" },
  ]);
  assertEquals(
    await said(
      `data: {${HEAD},"choices":[{"delta":{"content":"a"}}],"usage":{"prompt_tokens":1,"completion_tokens":1}}\n\n`,
    ),
    [text("a"), { type: "usage", usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 } }],
  );
});

Deno.test("readEvents() begins with the chunk that names the answer: an empty one about filters may come before it", async () => {
  const filters = '{"choices":[],"id":"","model":"","prompt_filter_results":[]}';
  const { events } = await outcome(stream([`data: ${filters}\n\n`, delta('"content":"a"'), FINISH, DONE]));
  assertEquals(events, [{ type: "other", choice: null, raw: JSON.parse(filters) }, START, text("a"), STOP]);
});

Deno.test("readEvents() tells parallel tool calls apart, whatever their indexes", async () => {
  const piece = (fields: string, name: string | null, args: string) =>
    delta(`"tool_calls":[{${fields}"function":{${name === null ? "" : `"name":"${name}",`}"arguments":"${args}"}}]`);
  const calls = async (...pieces: readonly string[]) => {
    const found: Record<number, string> = {};
    for (const event of await said(...pieces)) {
      assert(event.type === "tool_call_delta");
      found[event.index] = `${found[event.index] ?? ""}${event.id ?? ""}${event.name ?? ""}${event.arguments}`;
    }
    return Object.values(found);
  };
  const two = ["afxy", "bgz"];
  // As OpenAI writes it, in turns.
  assertEquals(
    await calls(
      piece('"index":0,"id":"a",', "f", "x"),
      piece('"index":1,"id":"b",', "g", ""),
      piece('"index":0,', null, "y"),
      piece('"index":1,', null, "z"),
    ),
    two,
  );
  // No index.
  assertEquals(await calls(piece('"id":"a",', "f", "x"), piece("", null, "y"), piece('"id":"b",', "g", "z")), two);
  // The index 0 for all.
  assertEquals(
    await calls(
      piece('"index":0,"id":"a",', "f", "x"),
      piece('"index":0,', null, "y"),
      piece('"index":0,"id":"b",', "g", "z"),
    ),
    two,
  );
  // A new id for every piece.
  assertEquals(await calls(piece('"index":0,"id":"a",', "f", "x"), piece('"index":0,"id":"q",', null, "y")), ["afxy"]);
  // Id and name over and over.
  assertEquals(await calls(piece('"index":0,"id":"a",', "f", "x"), piece('"index":0,"id":"a",', "f", "y")), ["afxy"]);
});

Deno.test("readEvents() ends cleanly only after an end mark or a finish reason", async () => {
  const a = delta('"content":"a"');
  const cases: readonly (readonly [chunks: readonly string[], code: ErrorCode | null])[] = [
    [[a, DONE], null],
    [[a, FINISH], null],
    [[a, FINISH, ": bye\n"], null],
    [[a, "data: [DONE]"], null],
    [[a, FINISH.replaceAll("\n", "\r")], null],
    [[a, DONE, "data: {"], null],
    [[a], "upstream_truncated"],
    [[], "upstream_truncated"],
    [[a, FINISH, 'data: {"half":'], "upstream_truncated"],
  ];
  for (const [chunks, code] of cases) assertEquals((await outcome(stream(chunks))).code, code, chunks.join(""));
});

Deno.test("readEvents() gives a failure that the upstream reports in-band, then throws it", async () => {
  const cases: readonly (readonly [chunk: string, message: string, code: string | null])[] = [
    ['data: {"error":{"message":"overloaded","code":529}}\n\n', "overloaded", "529"],
    ['data: {"error":{"message":"slow down","code":"rate"},"choices":[]}\n\n', "slow down", "rate"],
    ['data: {"error":"boom"}\n\n', "boom", null],
    ['event: error\ndata: {"message":"inner","type":"x"}\n\n', "inner", null],
    ["event: error\ndata: plain words\n\n", "plain words", null],
    ['data: {"object":"error","message":"too long","code":400}\n\n', "too long", "400"],
  ];
  for (const [chunk, message, code] of cases) {
    const found = await outcome(stream([delta('"content":"a"'), chunk, FINISH, DONE]));
    assertEquals(found.events, [START, text("a"), { type: "error", message, code }]);
    assertEquals([found.code, found.message.includes(message)], ["upstream_failed", true]);
  }
  const long = await outcome(whole(JSON.stringify({ error: { message: "x".repeat(9000) } })));
  assertEquals([long.code, long.message.length < 600], ["upstream_failed", true]);
});

Deno.test("readEvents() refuses whole answers that are none", async () => {
  const cases: readonly (readonly [Response, ErrorCode])[] = [
    [whole("<html>"), "upstream_failed"],
    [stream(["<html>log in</html>"], "text/html"), "upstream_truncated"],
    [whole('{"choices":[{"mess', {}), "upstream_truncated"],
    [whole("[]"), "upstream_failed"],
    [whole('{"id":"c1","choices":[]}'), "upstream_failed"],
    [new Response(null, { status: 204, headers: { "content-length": "0" } }), "upstream_failed"],
    [whole("{}", { "content-length": String(65 * 1024 * 1024) }), "upstream_failed"],
  ];
  for (const [response, code] of cases) assertEquals((await outcome(response)).code, code);
});

Deno.test("readEvents() refuses an event over 16 MiB", async () => {
  const mib = "x".repeat(1024 * 1024);
  const { code, message } = await outcome(stream(["data: ", ...Array<string>(17).fill(mib)]));
  assertEquals([code, message.includes("16 MiB")], ["upstream_failed", true]);
});

Deno.test("readEvents() says no more of a broken connection than that it broke", async () => {
  const source = feed();
  source.send(delta('"content":"a"'));
  source.fail();
  const { code, message } = await outcome(source.response);
  assertEquals([code, message.includes("secret")], ["upstream_failed", false]);
});

Deno.test("readEvents() gives up after silence, but not while its reader is away", async () => {
  const clock = new FakeClock();
  const watchdog = createWatchdog(clock);
  const source = feed();
  const { signal } = new AbortController();
  const events = readEvents(source.response, { watchdog, silence: 1000, signal, upstream: "u" })
    [Symbol.asyncIterator]();
  const first = events.next();
  source.send(delta('"content":"a"'));
  await first;
  await clock.advance(5_000);
  assertEquals((await events.next()).value, text("a"));
  const next = events.next();
  const refused = assertRejects(() => next, GatehouseError);
  await clock.advance(900);
  assertEquals(source.state.cancelled, false);
  await clock.advance(300);
  assertEquals([(await refused).code, source.state.cancelled], ["upstream_timeout", true]);
  watchdog.close();
});

Deno.test("readEvents() reads no chunk before its events are asked for", async () => {
  const watchdog = createWatchdog(new FakeClock());
  const source = feed();
  const { signal } = new AbortController();
  const events = readEvents(source.response, { watchdog, silence: 0, signal, upstream: "u" })[Symbol.asyncIterator]();
  await settle();
  assertEquals(source.state.pulls, 0);
  const first = events.next();
  await settle();
  source.send(delta('"content":"a"') + delta('"content":"b"'));
  await first;
  assertEquals([(await events.next()).value, (await events.next()).value], [text("a"), text("b")]);
  assertEquals(source.state.pulls, 1);
  await events.return?.();
  watchdog.close();
});

for (const moment of ["before its first event", "between events", "while it waits"] as const) {
  Deno.test(`readEvents() cancels the body at once when its reader returns ${moment}`, async () => {
    const watchdog = createWatchdog(new FakeClock());
    const source = feed();
    const { signal } = new AbortController();
    const events = readEvents(source.response, { watchdog, silence: 0, signal, upstream: "u" })[Symbol.asyncIterator]();
    let waiting: Promise<unknown> = Promise.resolve();
    if (moment !== "before its first event") {
      source.send(delta('"content":"a"'));
      await events.next();
      await events.next();
    }
    if (moment === "while it waits") waiting = assertRejects(() => events.next());
    await events.return?.();
    await waiting;
    assertEquals(source.state.cancelled, true);
    assertEquals((await events.next()).done, true);
    watchdog.close();
  });

  Deno.test(`readEvents() cancels the body at once when the signal aborts ${moment}`, async () => {
    const watchdog = createWatchdog(new FakeClock());
    const source = feed();
    const client = new AbortController();
    const options = { watchdog, silence: 0, signal: client.signal, upstream: "u" };
    const events = readEvents(source.response, options)[Symbol.asyncIterator]();
    const reason = new GatehouseError("draining", "We are stopping");
    if (moment === "while it waits") {
      const waiting = assertRejects(() => events.next(), GatehouseError);
      await settle();
      client.abort(reason);
      assertEquals(await waiting, reason);
    } else {
      if (moment === "between events") {
        source.send(delta('"content":"a"'));
        await events.next();
        await events.next();
      }
      client.abort(reason);
      assertEquals(await assertRejects(() => events.next(), GatehouseError), reason);
    }
    assertEquals(source.state.cancelled, true);
    watchdog.close();
  });
}

Deno.test("readEvents() lets a complete body close by itself, for 100 ms at most", async () => {
  const clock = new FakeClock();
  const watchdog = createWatchdog(clock);
  const source = feed();
  source.send(FINISH + DONE);
  const { signal } = new AbortController();
  const events = [];
  for await (const event of readEvents(source.response, { watchdog, silence: 0, signal, upstream: "u" })) {
    events.push(event);
  }
  assertEquals([events, source.state.cancelled], [[START, STOP], false]);
  await clock.advance(250);
  assertEquals(source.state.cancelled, true);
  watchdog.close();
});
