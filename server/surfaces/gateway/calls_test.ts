import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { FakeClock } from "../../effects/fake_clock.ts";
import {
  API_KEY,
  chunk,
  COMPLETION,
  DONE,
  events,
  expectError,
  Feed,
  FINISH,
  type Gate,
  json,
  left,
  MockUpstream,
  silence,
  startGate,
  USAGE,
} from "../../testing/mod.ts";

const HI = { messages: [{ role: "user", content: "hi" }] };
const COUNTED = { prompt_tokens: 5, completion_tokens: 2, total_tokens: 7, estimated: false };

function post(gate: Gate, path: string, body: unknown, signal?: AbortSignal): Promise<Response> {
  return gate.fetch(`/api/v1/llm${path}`, {
    method: "POST",
    headers: { "content-type": "application/json", "openai-organization": "o", authorization: "Bearer dummy" },
    body: JSON.stringify(body),
    ...(signal === undefined ? {} : { signal }),
  });
}

function framesOf(text: string): unknown[] {
  return text.split("\n\n").filter((frame) => frame !== "").map((frame) => {
    const data = frame.slice("data: ".length);
    return data === "[DONE]" ? data : JSON.parse(data);
  });
}

Deno.test("a chat goes up in OpenAI's dialect and comes down in ours, also where the upstream streams unasked", async () => {
  await using upstream = new MockUpstream();
  await using gate = await startGate(upstream);
  for (const answer of [() => json(COMPLETION), () => events(chunk("h"), chunk("i"), FINISH, USAGE, DONE)]) {
    upstream.answer = answer;
    const response = await post(gate, "/chat", { ...HI, temperature: 0.5, model: null });
    const { latency_ms, ...rest } = await response.json();
    assertEquals(response.status, 200);
    assert(Number.isInteger(latency_ms) && latency_ms >= 0);
    assertEquals(rest, { content: "hi", model: "m1", usage: COUNTED, tool_calls: [], cost: null });
    assertEquals(JSON.parse(upstream.last.text), { ...HI, temperature: 0.5, model: "m1", stream: false });
    assertEquals(upstream.last.headers.get("openai-organization"), "o");
    assert(upstream.last.headers.get("authorization") !== "Bearer dummy");
  }
});

Deno.test("a streamed chat asks for usage and ends with it, also where the upstream does not stream", async () => {
  await using upstream = new MockUpstream();
  await using gate = await startGate(upstream);
  upstream.answer = () => events(chunk("h"), chunk("i"), FINISH, USAGE, DONE);
  const response = await post(gate, "/chat/stream", HI);
  assertEquals([response.status, response.headers.get("content-type")], [200, "text/event-stream"]);
  assertEquals(framesOf(await response.text()), [
    { content: "h", model: "m1", is_final: false },
    { content: "i", model: "m1", is_final: false },
    { content: "", model: "m1", usage: COUNTED, is_final: true },
    "[DONE]",
  ]);
  const asked = { ...HI, model: "m1", stream: true, stream_options: { include_usage: true } };
  assertEquals(JSON.parse(upstream.last.text), asked);
  upstream.answer = () => json(COMPLETION);
  assertEquals(framesOf(await (await post(gate, "/chat/stream", HI)).text()), [
    { content: "hi", model: "m1", is_final: false },
    { content: "", model: "m1", usage: COUNTED, is_final: true },
    "[DONE]",
  ]);
});

Deno.test("usage is estimated and says so where the upstream gives none", async () => {
  await using upstream = new MockUpstream();
  await using gate = await startGate(upstream);
  upstream.answer = () => events(chunk("eight by"), FINISH, DONE);
  const frames = framesOf(await (await post(gate, "/chat/stream", HI)).text());
  const last = frames.at(-2);
  assert(typeof last === "object" && last !== null && "usage" in last);
  const { usage } = last;
  assert(typeof usage === "object" && usage !== null && "estimated" in usage && "completion_tokens" in usage);
  assertEquals([usage.estimated, usage.completion_tokens], [true, 2]);
});

Deno.test("what fails before the headers is a status, what fails after them the last frame", async () => {
  await using upstream = new MockUpstream();
  await using gate = await startGate(upstream);
  for (const path of ["/chat", "/chat/stream"]) {
    upstream.answer = () => json('{"error":"down"}', { status: 503 });
    await expectError(await post(gate, path, HI), 502, "upstream_failed");
    upstream.answer = () => json('{"error":"slow down"}', { status: 429, headers: { "retry-after": "7" } });
    const refusal = await post(gate, path, HI);
    assertEquals([refusal.status, refusal.headers.get("retry-after")], [429, "7"]);
    assertEquals(await refusal.text(), '{"error":"slow down"}');
    upstream.answer = () => json("{}", { status: 401 });
    await expectError(await post(gate, path, HI), 502, "upstream_unauthorized");
    await expectError(await post(gate, path, { ...HI, model: "m9" }), 404, "model_not_found", "model");
    await expectError(await post(gate, path, { ...HI, n: 2 }), 422, "invalid_field", "n");
  }
  const failures = [
    [[chunk("h")], "upstream_truncated"],
    [[chunk("h"), 'data: {"error":{"message":"overloaded"}}\n\n', FINISH, DONE], "upstream_failed"],
  ] as const;
  for (const [pieces, code] of failures) {
    upstream.answer = () => events(...pieces);
    await expectError(await post(gate, "/chat", HI), 502, code);
    const [first, last, ...more] = framesOf(await (await post(gate, "/chat/stream", HI)).text());
    assertEquals([first, more], [{ content: "h", model: "m1", is_final: false }, []]);
    assert(typeof last === "object" && last !== null && "error" in last && "detail" in last);
    assertEquals([Object.keys(last), last.error, typeof last.detail], [["error", "detail"], code, "string"]);
  }
});

Deno.test("the request's own timeout ends a call, before and after the headers", async () => {
  await using upstream = new MockUpstream();
  const clock = new FakeClock();
  await using gate = await startGate(upstream, { clock });
  upstream.answer = silence;
  const asked = post(gate, "/chat", { ...HI, timeout: 3 });
  await upstream.called(1);
  await clock.advance(3_000);
  await expectError(await asked, 504, "upstream_timeout");
  const feed = new Feed();
  upstream.answer = () => feed.response;
  feed.send(chunk("h"));
  const text = (await post(gate, "/chat/stream", { ...HI, timeout: 3 })).text();
  await clock.advance(3_000);
  const last = framesOf(await text).at(-1);
  assert(typeof last === "object" && last !== null && "error" in last);
  assertEquals(last.error, "upstream_timeout");
  await feed.left;
});

for (const path of ["/chat", "/chat/stream"]) {
  Deno.test(`POST ${path}: a client that leaves aborts the upstream, before its answer and within`, async () => {
    await using upstream = new MockUpstream();
    await using gate = await startGate(upstream, { env: { LLM_MAX_CONCURRENT: "1" } });
    const waiting = new AbortController();
    upstream.answer = silence;
    const asked = post(gate, path, HI, waiting.signal).catch(() => null);
    await upstream.called(1);
    waiting.abort();
    assertEquals(await asked, null);
    await left(upstream.last);

    const feed = new Feed();
    upstream.answer = () => feed.response;
    feed.send(chunk("h"));
    const reading = new AbortController();
    const answer = post(gate, path, HI, reading.signal).then((answer) => answer.text()).catch(() => null);
    await upstream.called(2);
    reading.abort();
    assertEquals(await answer, null);
    await feed.left;

    upstream.answer = () => json(COMPLETION);
    assertEquals((await (await post(gate, "/chat", HI)).json()).content, "hi");
  });
}

Deno.test("models are listed, and what was used is summed", async () => {
  await using upstream = new MockUpstream();
  await using gate = await startGate(upstream);
  const models = await (await gate.fetch("/api/v1/llm/models")).json();
  assertEquals([models.data[0].id, models.next_cursor], ["m1", null]);
  await (await post(gate, "/chat", HI)).text();
  upstream.answer = () => events(chunk("h"), FINISH, USAGE, DONE);
  await (await post(gate, "/chat/stream", HI)).text();
  const usage = async () => (await gate.fetch("/api/v1/llm/usage")).json();
  // Written behind: it shows within two seconds.
  let sums = await usage();
  while (sums.data[0]?.requests !== 2) sums = await usage();
  assertEquals(sums, {
    data: [{ key: "m1", requests: 2, prompt_tokens: 10, completion_tokens: 4, estimated: 0, cost: null }],
    next_cursor: null,
  });
  await expectError(await gate.fetch("/api/v1/llm/usage?from=x"), 422, "invalid_field", "from");
  await expectError(await gate.fetch("/api/v1/llm/usage?cursor=x"), 422, "invalid_field", "cursor");
});

Deno.test("a failure that the upstream reports in a stream is told without the credential in it", async () => {
  await using upstream = new MockUpstream();
  await using gate = await startGate(upstream, { env: API_KEY });
  const key = API_KEY.MODEL_KEY;
  upstream.answer = () => events(chunk("h"), `data: {"error":{"message":"no to Bearer ${key} from you"}}\n\n`);
  const whole = await post(gate, "/chat", HI);
  const detail = await expectError(whole, 502, "upstream_failed");
  const stream = await (await post(gate, "/chat/stream", HI)).text();
  for (const told of [detail, stream]) {
    assertStringIncludes(told, "no to Bearer [redacted] from you");
    assert(!told.includes(key.slice(0, 12)));
  }
});

Deno.test("a list of a million wrong messages is refused at the first of them", async () => {
  await using upstream = new MockUpstream();
  await using gate = await startGate(upstream);
  for (const name of ["messages", "tools"]) {
    const body = { ...HI, [name]: [{}, ...Array.from({ length: 1_000_000 }, () => 1)] };
    await expectError(await post(gate, "/chat", body), 422, "invalid_field", `${name}.1`);
  }
  await expectError(await post(gate, "/chat", { messages: 1 }), 422, "invalid_field", "messages");
  await expectError(await post(gate, "/chat", { messages: [] }), 422, "invalid_field", "messages");
});
