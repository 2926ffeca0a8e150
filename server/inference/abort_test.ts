import { assertEquals } from "@std/assert";
import {
  chunk,
  COMPLETION,
  DONE,
  events,
  Feed,
  FINISH,
  type Gate,
  json,
  left,
  MockUpstream,
  silence,
  startGate,
} from "../testing/mod.ts";

const BIG = "x".repeat(50_000);
const body = (stream: boolean) => JSON.stringify({ model: "m1", stream, messages: [{ role: "user", content: BIG }] });

/** What `/metrics` counts as aborted in each phase. */
async function aborts(gate: Gate): Promise<Record<string, number>> {
  const text = await (await gate.fetch("/metrics")).text();
  const lines = text.matchAll(/^gatehouse_upstream_aborts_total\{upstream="default",phase="(\w+)"\} (\d+)$/gm);
  return Object.fromEntries(
    [...lines].map(([, phase = "", count]) => [phase, Number(count)]).filter(([, n]) => n !== 0),
  );
}

/** Waits until the server has noticed what the test cannot await. */
async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  while (!await holds()) await new Promise((resolve) => setTimeout(resolve, 1));
}

for (const stream of [false, true]) {
  Deno.test(`a client that leaves before the first byte (stream: ${stream}) aborts the upstream request`, async () => {
    await using upstream = new MockUpstream();
    await using gate = await startGate(upstream, { env: { LLM_MAX_CONCURRENT: "1" } });
    upstream.answer = silence;
    const client = new AbortController();
    const asked = gate.chat(body(stream), { signal: client.signal }).catch(() => null);
    await upstream.called(1);
    client.abort();
    assertEquals(await asked, null);
    await left(upstream.last);
    await until(async () => (await aborts(gate)).first_byte === 1);
    upstream.answer = () => json(COMPLETION);
    assertEquals((await (await gate.chat("{}")).text()).length, COMPLETION.length);
  });
}

Deno.test("a client that leaves mid-stream aborts the upstream request, also while the stream is idle", async () => {
  await using upstream = new MockUpstream();
  await using gate = await startGate(upstream, { env: { LLM_MAX_CONCURRENT: "1" } });
  for (const sent of [chunk("a"), chunk("a") + 'data: {"half']) {
    const feed = new Feed();
    upstream.answer = () => feed.response;
    feed.send(sent);
    const client = new AbortController();
    const answer = await gate.chat(body(true), { signal: client.signal });
    const reader = answer.body?.getReader();
    await reader?.read();
    client.abort();
    await reader?.closed.catch(() => {});
    await feed.left;
  }
  await until(async () => (await aborts(gate)).stream === 2);
  upstream.answer = () => events(chunk("a"), FINISH, DONE);
  assertEquals(await (await gate.chat('{"stream":true}')).text(), chunk("a") + FINISH + DONE);
});

Deno.test("a client that leaves within a whole answer aborts the upstream request, short or long", async () => {
  await using upstream = new MockUpstream();
  await using gate = await startGate(upstream, { env: { LLM_MAX_CONCURRENT: "1" } });
  let count = 0;
  for (const length of ["100", "3000000", null]) {
    const feed = new Feed("application/json");
    upstream.answer = () => {
      feed.send('{"choices":');
      const headers = new Headers({ "content-type": "application/json" });
      if (length !== null) headers.set("content-length", length);
      return new Response(feed.response.body, { headers });
    };
    const client = new AbortController();
    const asked = gate.chat(body(false), { signal: client.signal });
    const text = asked.then((answer) => answer.text()).catch(() => null);
    await upstream.called(++count);
    // What may be short is read whole before its headers go out, so nothing tells whether it has begun.
    if (length === "3000000") await asked;
    client.abort();
    assertEquals(await text, null);
    await feed.left;
  }
  await until(async () => {
    const { body = 0, first_byte = 0 } = await aborts(gate);
    return body >= 2 && body + first_byte === 3;
  });
  upstream.answer = () => json(COMPLETION);
  assertEquals((await gate.chat("{}").then((answer) => answer.text())).length, COMPLETION.length);
});

Deno.test("a client that leaves the queue never reaches the upstream, and the next in line does", async () => {
  await using upstream = new MockUpstream();
  await using gate = await startGate(upstream, { env: { LLM_MAX_CONCURRENT: "1" } });
  const feed = new Feed();
  upstream.answer = ({ text }) => text.includes("first") ? feed.response : json(COMPLETION);
  feed.send(chunk("a"));
  const first = await gate.chat('{"stream":true,"user":"first"}');
  const queued = async (length: number) => {
    const text = await (await gate.fetch("/metrics")).text();
    return text.includes(`gatehouse_queue_length{upstream="default"} ${length}\n`);
  };
  const client = new AbortController();
  const leaves = gate.chat(body(false), { signal: client.signal }).catch(() => null);
  await until(() => queued(1));
  const waits = gate.chat('{"user":"third"}');
  await until(() => queued(2));
  client.abort();
  assertEquals(await leaves, null);
  await until(() => queued(1));
  assertEquals([await aborts(gate), upstream.calls.length], [{ queued: 1 }, 1]);
  feed.send(FINISH + DONE);
  feed.close();
  await first.text();
  assertEquals(await (await waits).text(), COMPLETION);
  assertEquals(upstream.calls.map(({ text }) => JSON.parse(text).user), ["first", "third"]);
});

Deno.test("LLM_MAX_CONCURRENT holds under load, and every slot comes back", async () => {
  await using upstream = new MockUpstream();
  await using gate = await startGate(upstream, { env: { LLM_MAX_CONCURRENT: "3" } });
  let now = 0;
  let most = 0;
  upstream.answer = async ({ text }) => {
    most = Math.max(most, ++now);
    await new Promise((resolve) => setTimeout(resolve, 1));
    now--;
    if (text.includes("fail")) return json("{}", { status: 500 });
    return text.includes("stream") ? events(chunk("a"), FINISH, DONE) : json(COMPLETION);
  };
  const bodies = ["{}", '{"stream":true}', '{"user":"fail"}'];
  await Promise.all(Array.from({ length: 30 }, async (_, i) => {
    await (await gate.chat(bodies[i % 3] ?? "")).text();
  }));
  assertEquals([most, now, upstream.calls.length], [3, 0, 30]);
});
