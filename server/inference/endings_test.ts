import { assert, assertEquals } from "@std/assert";
import {
  chunk,
  DONE,
  events,
  Feed,
  FINISH,
  type Gate,
  json,
  MockUpstream,
  silence,
  startGate,
  USAGE,
} from "../testing/mod.ts";

/** What the metrics count of the upstream's endings, zeros left out, and how many streams are open. */
async function counted(gate: Gate): Promise<readonly [endings: Record<string, number>, open: number]> {
  const text = await (await gate.fetch("/metrics")).text();
  const lines = text.matchAll(/^gatehouse_upstream_requests_total\{upstream="default",outcome="(\w+)"\} (\d+)$/gm);
  const endings = Object.fromEntries(
    [...lines].map(([, name = "", n]) => [name, Number(n)]).filter(([, n]) => n !== 0),
  );
  return [endings, Number(/^gatehouse_open_streams (\d+)$/m.exec(text)?.[1])];
}

Deno.test("every call is counted once, by the way it ended", async () => {
  await using upstream = new MockUpstream();
  await using gate = await startGate(upstream, { env: { LLM_MAX_CONCURRENT: "1" } });
  const expected: Record<string, number> = {};
  const ends = async (outcome: string, answer: () => Response, body = "{}") => {
    upstream.answer = answer;
    await gate.chat(body).then((response) => response.text());
    expected[outcome] = (expected[outcome] ?? 0) + 1;
    assertEquals(await counted(gate), [expected, 0]);
  };
  const stream = '{"stream":true}';
  await ends("ok", () => json("{}"));
  await ends("ok", () => json("x".repeat(2_000_000)));
  await ends("ok", () => events(chunk("a"), FINISH, USAGE, DONE), stream);
  await ends("ok", () => events(chunk("a"), FINISH), stream);
  await ends("ok", () => new Response(null, { status: 204 }), stream);
  await ends("client_error", () => json("{}", { status: 429 }));
  await ends("server_error", () => json("{}", { status: 503 }), stream);
  await ends("unauthorized", () => json("{}", { status: 401 }));
  await ends("unauthorized", () => json("{}", { status: 407 }), stream);
  await ends("failed", () => new Response(null, { status: 302, headers: { location: "/" } }));
  await ends("failed", () => events(chunk("a"), 'data: {"error":{"message":"no"}}\n\n'), stream);
  await ends("truncated", () => events(chunk("a")), stream);
  await ends("truncated", () => events(), stream);

  const feed = new Feed();
  upstream.answer = () => feed.response;
  const open = await gate.chat(stream);
  assertEquals(await counted(gate), [expected, 1]);
  feed.send(chunk("a"));
  feed.break();
  await open.text();
  assertEquals(await counted(gate), [{ ...expected, failed: 3 }, 0]);
});

Deno.test("an answer cut by LLM_TOTAL_TIMEOUT is counted as one that took too long, streamed or not", async () => {
  await using upstream = new MockUpstream();
  await using gate = await startGate(upstream, { env: { LLM_TOTAL_TIMEOUT: "0.1" } });
  const feed = new Feed();
  upstream.answer = () => feed.response;
  const stream = await gate.chat('{"stream":true}');
  feed.send(chunk("a"));
  assert((await stream.text()).includes("upstream_timeout"));
  assertEquals(await counted(gate), [{ timeout: 1 }, 0]);

  upstream.answer = silence;
  assertEquals((await gate.chat("{}").then((answer) => answer.json())).error.code, "upstream_timeout");
  assertEquals(await counted(gate), [{ timeout: 2 }, 0]);
});

Deno.test("a client that leaves within its own body never reaches the upstream, and hurts nobody", async () => {
  await using upstream = new MockUpstream();
  await using gate = await startGate(upstream, { env: { LLM_MAX_CONCURRENT: "1" } });
  for (const framing of ["content-length: 5000", "transfer-encoding: chunked"]) {
    const connection = await Deno.connect({ hostname: "127.0.0.1", port: Number(gate.app.url.port) });
    const head = `POST /v1/chat/completions HTTP/1.1\r\nhost: ${gate.app.url.host}\r\n${framing}\r\n\r\n`;
    await connection.write(new TextEncoder().encode(`${head}2\r\n{}\r\n`));
    // An answer on another connection proves that the head was read.
    await (await gate.fetch("/health/live")).body?.cancel();
    connection.close();
  }
  const answer = await gate.chat("{}");
  await answer.body?.cancel();
  assertEquals([answer.status, upstream.calls.length], [200, 1]);
});

Deno.test("calls in one another's way all end: failures, leavers and answers through one slot", async () => {
  await using upstream = new MockUpstream();
  await using gate = await startGate(upstream, { env: { LLM_MAX_CONCURRENT: "1" } });
  upstream.answer = (seen) => {
    if (seen.text.includes("wait")) return silence(seen);
    return seen.text.includes("stream") ? events(chunk("a"), FINISH, DONE) : json("{}", { status: 500 });
  };
  const asked = Array.from({ length: 24 }, async (_, i) => {
    const client = new AbortController();
    const body = ['{"user":"wait"}', '{"stream":true}', "{}"][i % 3] ?? "";
    const answer = gate.chat(body, { signal: client.signal }).then((response) => response.text(), () => "left");
    if (i % 3 === 0) setTimeout(() => client.abort(), i);
    return await answer;
  });
  const texts = await Promise.all(asked);
  assert(texts.every((text, i) => text === ["left", chunk("a") + FINISH + DONE, "{}"][i % 3]));
  assertEquals((await counted(gate))[1], 0);
});
