import { assert, assertEquals, assertRejects } from "@std/assert";
import { FakeClock } from "../../effects/fake_clock.ts";
import {
  chunk,
  COMPLETION,
  DONE,
  events,
  expectError,
  Feed,
  FINISH,
  type Gate,
  json,
  MockUpstream,
  startGate,
  USAGE,
} from "../../testing/mod.ts";

const STREAM = '{"model":"m1","stream":true}';
const WITH_USAGE = '{"model":"m1","stream":true,"stream_options":{"include_usage":true}}';

/** The code of the error event that a stream must end with, and what came before it. */
function splitError(text: string): { before: string; code: unknown } {
  const at = text.lastIndexOf('data: {"error"');
  assert(at >= 0 && text.endsWith("\n\n"), text);
  const body = JSON.parse(text.slice(at + 6));
  assertEquals(Object.keys(body), ["error", "detail"]);
  assertEquals(Object.keys(body.error), ["message", "type", "param", "code"]);
  assertEquals(body.detail, body.error.message);
  return { before: text.slice(0, at), code: body.error.code };
}

async function tokensUsed(gate: Gate): Promise<readonly (string | undefined)[]> {
  const text = await (await gate.fetch("/metrics")).text();
  return ["prompt", "completion"].map((kind) =>
    new RegExp(`^gatehouse_tokens_total\\{kind="${kind}",upstream="default"\\} (\\d+)$`, "m").exec(text)?.[1]
  );
}

Deno.test("an event stream has exactly the headers of one, and its events come untouched", async () => {
  await using upstream = new MockUpstream();
  await using gate = await startGate(upstream);
  const odd = ': hello\r\n\r\nevent: x\ndata: {"a":1e400,"10":1,"2":"\\u00e9é"}\nid: 7\n\n';
  upstream.answer = () => events(odd, chunk("a"), FINISH, DONE);
  const answer = await gate.chat(STREAM);
  assertEquals(answer.status, 200);
  assertEquals(answer.headers.get("content-type"), "text/event-stream");
  assertEquals(answer.headers.get("cache-control"), "no-cache, no-transform");
  assertEquals(answer.headers.get("x-accel-buffering"), "no");
  assertEquals(answer.headers.get("content-encoding"), null);
  assertEquals(answer.headers.get("content-length"), null);
  assert(answer.headers.has("x-request-id"));
  assertEquals(await answer.text(), odd + chunk("a") + FINISH + DONE);
});

Deno.test("the usage event is asked for, metered, and passed on only to a client that asked", async () => {
  await using upstream = new MockUpstream();
  await using gate = await startGate(upstream);
  upstream.answer = () => events(chunk("a"), FINISH, USAGE, DONE);
  assertEquals(await (await gate.chat(STREAM)).text(), chunk("a") + FINISH + DONE);
  assertEquals(upstream.last.text, '{"stream_options":{"include_usage":true},"model":"m1","stream":true}');
  assertEquals(await tokensUsed(gate), ["5", "2"]);
  assertEquals(await (await gate.chat(WITH_USAGE)).text(), chunk("a") + FINISH + USAGE + DONE);
  assertEquals(await tokensUsed(gate), ["10", "4"]);
});

Deno.test("the usage of a whole answer is metered, short or long", async () => {
  await using upstream = new MockUpstream();
  await using gate = await startGate(upstream);
  await (await gate.chat("{}")).text();
  assertEquals(await tokensUsed(gate), ["5", "2"]);
  const long = COMPLETION.replace('"hi"', `"${"x".repeat(2_000_000)}"`);
  upstream.answer = () => json(long);
  assertEquals((await (await gate.chat("{}")).text()).length, long.length);
  assertEquals(await tokensUsed(gate), ["10", "4"]);
});

for (const status of [400, 422]) {
  Deno.test(`an upstream that refuses stream_options with ${status} is asked once more without, and remembered`, async () => {
    await using upstream = new MockUpstream();
    await using gate = await startGate(upstream);
    upstream.answer = ({ text }) =>
      text.includes("stream_options")
        ? json('{"error":{"message":"Unknown parameter: stream_options"}}', { status })
        : events(chunk("a"), FINISH, DONE);
    for (const calls of [2, 3]) {
      const answer = await gate.chat(STREAM);
      assertEquals([answer.status, await answer.text()], [200, chunk("a") + FINISH + DONE]);
      assertEquals([upstream.calls.length, upstream.last.text], [calls, STREAM]);
    }
    const own = await gate.chat(WITH_USAGE);
    await own.body?.cancel();
    assertEquals([own.status, upstream.calls.length], [status, 4]);
  });
}

Deno.test("an upstream that quotes the request in its refusal is asked for usage again", async () => {
  await using upstream = new MockUpstream();
  await using gate = await startGate(upstream);
  upstream.answer = ({ text }) =>
    json(JSON.stringify({ detail: "messages: field required", input: text }), { status: 422 });
  await (await gate.chat(STREAM)).body?.cancel();
  upstream.answer = () => events(chunk("a"), FINISH, DONE);
  await (await gate.chat(STREAM)).text();
  assertEquals(upstream.last.text.includes("include_usage"), true);
});

Deno.test("a refusal of something else, or of the client's own stream_options, is not asked again", async () => {
  await using upstream = new MockUpstream();
  await using gate = await startGate(upstream);
  const cases = [
    [STREAM, '{"error":"max_tokens too large"}', 400],
    [WITH_USAGE, '{"error":"stream_options"}', 400],
    [STREAM, '{"error":"stream_options"}', 429],
    ["{}", '{"error":"stream_options"}', 400],
  ] as const;
  for (const [request, body, status] of cases) {
    const before = upstream.calls.length;
    upstream.answer = () => json(body, { status });
    const answer = await gate.chat(request);
    assertEquals([answer.status, await answer.text(), upstream.calls.length - before], [status, body, 1]);
  }
});

Deno.test("[DONE] comes after a clean finish, and only then", async () => {
  await using upstream = new MockUpstream();
  await using gate = await startGate(upstream);
  upstream.answer = () => events(chunk("a"), FINISH);
  assertEquals(await (await gate.chat(STREAM)).text(), chunk("a") + FINISH + DONE);
  for (const pieces of [[], [chunk("a")], [chunk("a"), 'data: {"half":']]) {
    upstream.answer = () => events(...pieces);
    const text = await (await gate.chat(STREAM)).text();
    assertEquals(text.includes("[DONE]"), false);
    const { before, code } = splitError(text);
    assertEquals([before, code], [pieces[0] ?? "", "upstream_truncated"]);
  }
});

Deno.test("a stream whose connection breaks ends with an error event", async () => {
  await using upstream = new MockUpstream();
  await using gate = await startGate(upstream);
  for (const half of ["", 'data: {"half":']) {
    const feed = new Feed();
    upstream.answer = () => feed.response;
    feed.send(chunk("a") + half);
    const answer = await gate.chat(STREAM);
    const reader = answer.body?.pipeThrough(new TextDecoderStream()).getReader();
    let text = (await reader?.read())?.value ?? "";
    feed.break();
    for (let part = await reader?.read(); part?.done === false; part = await reader?.read()) text += part.value;
    const { before, code } = splitError(text);
    assertEquals([before, code], [chunk("a"), "upstream_failed"]);
  }
});

Deno.test("a failure within an event that has gone out in part errors the body", async () => {
  await using upstream = new MockUpstream();
  await using gate = await startGate(upstream);
  const feed = new Feed();
  upstream.answer = () => feed.response;
  feed.send(`data: "${"x".repeat(200_000)}`);
  const answer = await gate.chat(STREAM);
  const reader = answer.body?.getReader();
  await reader?.read();
  feed.break();
  await assertRejects(async () => {
    for (let part = await reader?.read(); part?.done === false;) part = await reader?.read();
  });
});

Deno.test("an upstream's own in-band error is passed on, without [DONE] of ours", async () => {
  await using upstream = new MockUpstream();
  await using gate = await startGate(upstream);
  const failure = 'data: {"error":{"message":"overloaded","code":529}}\n\n';
  upstream.answer = () => events(chunk("a"), failure);
  assertEquals(await (await gate.chat(STREAM)).text(), chunk("a") + failure);
});

Deno.test("a ping goes out after 15 s of silence, also before the first event, and silence ends the stream", async () => {
  await using upstream = new MockUpstream();
  const clock = new FakeClock();
  await using gate = await startGate(upstream, { env: { LLM_REQUEST_TIMEOUT: "20" }, clock });
  const feed = new Feed();
  upstream.answer = () => feed.response;
  const answer = await gate.chat(STREAM);
  assertEquals(answer.status, 200);
  const reader = answer.body?.pipeThrough(new TextDecoderStream()).getReader();
  const next = async () => (await reader?.read())?.value;
  const first = next();
  for (let s = 0; s < 16; s++) await clock.advance(1000);
  assertEquals(await first, ": ping\n\n");
  const second = next();
  feed.send(chunk("a"));
  await clock.advance(5);
  assertEquals(await second, chunk("a"));
  const third = next();
  for (let s = 0; s < 16; s++) await clock.advance(1000);
  assertEquals(await third, ": ping\n\n");
  let rest = "";
  const all = (async () => {
    for (let part = await reader?.read(); part?.done === false; part = await reader?.read()) rest += part.value;
  })();
  for (let s = 0; s < 8; s++) await clock.advance(1000);
  await all;
  assertEquals(splitError(rest).code, "upstream_timeout");
  await feed.left;
});

Deno.test("LLM_TOTAL_TIMEOUT ends a stream that goes on, in-band", async () => {
  await using upstream = new MockUpstream();
  const clock = new FakeClock();
  await using gate = await startGate(upstream, { env: { LLM_TOTAL_TIMEOUT: "20" }, clock });
  const feed = new Feed();
  upstream.answer = () => feed.response;
  feed.send(chunk("a"));
  const answer = await gate.chat(STREAM);
  const text = answer.text();
  for (let s = 0; s < 21; s++) {
    await clock.advance(1000);
    if (s < 19) feed.send(chunk("b"));
  }
  const { before, code } = splitError(await text);
  assertEquals([before.startsWith(chunk("a") + chunk("b")), code], [true, "upstream_timeout"]);
  await feed.left;
});

Deno.test("a JSON answer to a stream request, and a stream nobody asked for, come as they are", async () => {
  await using upstream = new MockUpstream();
  await using gate = await startGate(upstream);
  upstream.answer = () => json(COMPLETION);
  const whole = await gate.chat(STREAM);
  assertEquals([whole.headers.get("content-type"), await whole.text()], ["application/json", COMPLETION]);
  upstream.answer = () => events(chunk("a"), FINISH, USAGE, DONE);
  const stream = await gate.chat('{"stream":false}');
  assertEquals(await stream.text(), chunk("a") + FINISH + USAGE + DONE);
  assertEquals(stream.headers.get("content-type")?.startsWith("text/event-stream"), true);
});

Deno.test("a whole answer that breaks after bytes were passed on errors the body", async () => {
  await using upstream = new MockUpstream();
  await using gate = await startGate(upstream);
  const feed = new Feed("application/json");
  upstream.answer = () => feed.response;
  // What is short is read whole first: its break is a 502 (cut_answers_test.ts).
  feed.send(`{"choices":["${"x".repeat(2 * 1024 * 1024)}`);
  const answer = await gate.chat("{}");
  const reader = answer.body?.getReader();
  await reader?.read();
  feed.break();
  await assertRejects(async () => {
    for (let part = await reader?.read(); part?.done === false;) part = await reader?.read();
  });
});

Deno.test("an error before the first event is an honest status, not an event", async () => {
  await using upstream = new MockUpstream();
  await using gate = await startGate(upstream);
  upstream.answer = () => new Response(null, { status: 302, headers: { location: "/" } });
  await expectError(await gate.chat(STREAM), 502, "upstream_failed");
});
