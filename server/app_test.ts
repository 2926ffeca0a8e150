import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { StartError } from "./app.ts";
import { FakeClock } from "./effects/fake_clock.ts";
import {
  chunk,
  DONE,
  expectError,
  Feed,
  FINISH,
  MockUpstream,
  settingsIn,
  silence,
  startGate,
  writeAll,
} from "./testing/mod.ts";
import { startApp } from "./app.ts";
import { silentLogger } from "./telemetry/mod.ts";

const STREAM = '{"stream":true}';

Deno.test("stop() lets open streams finish and refuses new work meanwhile", async () => {
  await using upstream = new MockUpstream();
  await using gate = await startGate(upstream, { env: { DRAIN_TIMEOUT: "30" } });
  const feed = new Feed();
  upstream.answer = () => feed.response;
  feed.send(chunk("a"));
  const answer = await gate.chat(STREAM);
  const stopped = gate.app.stop();
  for (const path of ["/v1/models", "/v1/chat/completions", "/nothing"]) {
    const refused = await gate.fetch(path, { method: path.includes("chat") ? "POST" : "GET" });
    assert(Number(refused.headers.get("retry-after")) >= 1);
    await expectError(refused, 503, "draining");
  }
  for (
    const [path, status] of [["/health/live", 200], ["/health/ready", 503], ["/health", 200], [
      "/metrics",
      200,
    ]] as const
  ) {
    const open = await gate.fetch(path);
    await open.body?.cancel();
    assertEquals([path, open.status], [path, status]);
  }
  feed.send(chunk("b") + FINISH + DONE);
  feed.close();
  assertEquals(await answer.text(), chunk("a") + chunk("b") + FINISH + DONE);
  await stopped;
  await gate.app.finished;
  await assertRejects(() => gate.fetch("/health/live"));
});

Deno.test("stop() ends what is open at DRAIN_TIMEOUT: streams in-band, the rest by a 503", async () => {
  await using upstream = new MockUpstream();
  const clock = new FakeClock();
  await using gate = await startGate(upstream, { env: { DRAIN_TIMEOUT: "10", LLM_MAX_CONCURRENT: "2" }, clock });
  const feed = new Feed();
  upstream.answer = (seen) => seen.text.includes("stream") ? feed.response : silence(seen);
  feed.send(chunk("a"));
  const stream = await gate.chat(STREAM);
  const text = stream.text();
  const whole = gate.chat("{}");
  await upstream.called(2);
  const queued = gate.chat('{"user":"queued"}');
  // The queue shows in the metrics.
  while (!(await (await gate.fetch("/metrics")).text()).includes('queue_length{upstream="default"} 1')) {
    await clock.advance(0);
  }
  const stopped = gate.app.stop();
  await clock.advance(9_000);
  await clock.advance(1_000);
  const body = await text;
  assert(body.startsWith(chunk("a")) && body.endsWith("\n\n") && !body.includes("[DONE]"), body);
  assertEquals(JSON.parse(body.slice(body.lastIndexOf("data: ") + 6)).error.code, "draining");
  for (const asked of [whole, queued]) {
    const refused = await asked;
    assert(refused.headers.has("retry-after"));
    await expectError(refused, 503, "draining");
  }
  await feed.left;
  await clock.advance(10_000);
  await stopped;
  assertEquals(upstream.calls.length, 2);
});

Deno.test("stop() is not held up for ever by a client that never sends its body", async () => {
  await using upstream = new MockUpstream();
  const clock = new FakeClock();
  await using gate = await startGate(upstream, { env: { DRAIN_TIMEOUT: "10" }, clock });
  using connection = await Deno.connect({ hostname: "127.0.0.1", port: Number(gate.app.url.port) });
  const head = `POST /v1/chat/completions HTTP/1.1\r\nhost: ${gate.app.url.host}\r\ncontent-length: 100\r\n\r\n{`;
  await writeAll(connection, new TextEncoder().encode(head));
  // An answered request proves that the server has read what came before it.
  await (await gate.fetch("/health/live")).body?.cancel();
  const stopped = gate.app.stop();
  for (let second = 0; second < 20; second++) await clock.advance(1_000);
  await stopped;
});

Deno.test("stop() is not held up for ever by a client that never sends its head", async () => {
  await using upstream = new MockUpstream();
  const clock = new FakeClock();
  await using gate = await startGate(upstream, { env: { DRAIN_TIMEOUT: "10" }, clock });
  const connection = await Deno.connect({ hostname: "127.0.0.1", port: Number(gate.app.url.port) });
  await writeAll(connection, new TextEncoder().encode("GET /ws"));
  await (await gate.fetch("/health/live")).body?.cancel();
  const stopped = gate.app.stop();
  for (let second = 0; second < 20; second++) await clock.advance(1_000);
  await stopped;
  connection.close();
  await gate.app.finished;
});

Deno.test("stop() is not held up for ever by a client that does not read its stream", async () => {
  await using upstream = new MockUpstream();
  const clock = new FakeClock();
  await using gate = await startGate(upstream, { env: { DRAIN_TIMEOUT: "10" }, clock });
  upstream.answer = () => {
    const bytes = new TextEncoder().encode(chunk("x".repeat(60_000)));
    const body = new ReadableStream<Uint8Array>({ pull: (controller) => controller.enqueue(bytes.slice()) });
    return new Response(body, { headers: { "content-type": "text/event-stream" } });
  };
  using connection = await Deno.connect({ hostname: "127.0.0.1", port: Number(gate.app.url.port) });
  const head =
    `POST /v1/chat/completions HTTP/1.1\r\nhost: ${gate.app.url.host}\r\ncontent-length: 15\r\n\r\n${STREAM}`;
  await writeAll(connection, new TextEncoder().encode(head));
  await upstream.called(1);
  for (let i = 0; i < 5; i++) await clock.advance(100);
  const stopped = gate.app.stop();
  for (let second = 0; second < 20; second++) await clock.advance(1_000);
  await stopped;
});

Deno.test("stop() twice is one stop, and one without open work is quick", async () => {
  await using upstream = new MockUpstream();
  await using gate = await startGate(upstream, { env: { DRAIN_TIMEOUT: "30" } });
  assert(gate.app.stop() === gate.app.stop());
  await gate.app.stop();
});

Deno.test("startApp() says that an address is in use, and leaves nothing open", async () => {
  await using upstream = new MockUpstream();
  await using gate = await startGate(upstream);
  const error = await assertRejects(() => startGate(upstream, { env: { PORT: gate.app.url.port } }), StartError);
  assertStringIncludes(error.message, gate.app.url.port);
});

Deno.test("startApp() never waits for the network", async () => {
  await using upstream = new MockUpstream();
  upstream.list = silence;
  await using gate = await startGate(upstream);
  const live = await gate.fetch("/health/live");
  await live.body?.cancel();
  assertEquals(live.status, 200);
});

Deno.test("startApp() serves the demo and says so on every answer", async () => {
  const dir = await Deno.makeTempDir();
  try {
    const app = await startApp({ settings: settingsIn(dir, { DEMO: "1" }), log: silentLogger });
    try {
      for (const path of ["/health", "/v1/models", "/nothing"]) {
        const answer = await fetch(new URL(path, app.url));
        await answer.body?.cancel();
        assertEquals(answer.headers.get("x-gatehouse-demo"), "1");
      }
      assertEquals((await (await fetch(new URL("/health", app.url))).json()).demo, true);
    } finally {
      await app.stop();
    }
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});

Deno.test("stop() leaves nothing of the demo's credential in the store, and nothing of another's is touched", async () => {
  const dir = await Deno.makeTempDir();
  const keys = async (...others: readonly string[]) => {
    const kv = await Deno.openKv(`${dir}/data/gatehouse.db`);
    const found: string[] = [];
    for await (const { key } of kv.list({ prefix: [] })) {
      if (!["install", ...others].includes(String(key[0]))) found.push(key.slice(0, 2).join("/"));
    }
    kv.close();
    return found.sort();
  };
  try {
    const settings = settingsIn(dir, { DEMO: "1" });
    const [first, second] = [
      await startApp({ settings, log: silentLogger }),
      await startApp({ settings, log: silentLogger }),
    ];
    await first.stop();
    assertEquals(await keys("presence"), ["credential/demo", "credential_seed/demo"]);
    const health = await (await fetch(new URL("/health", second.url))).json();
    assertEquals(health.status, "ok");
    await second.stop();
    assertEquals(await keys(), []);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});

Deno.test("stop() of a demo whose store is gone is a stop like any other", async () => {
  const dir = await Deno.makeTempDir();
  const app = await startApp({ settings: settingsIn(dir, { DEMO: "1" }), log: silentLogger });
  await Deno.rename(`${dir}/data`, `${dir}/away`);
  const ready = await fetch(new URL("/health/ready", app.url));
  assertEquals([ready.status, (await ready.json()).reason], [503, "storage_unavailable"]);
  await app.stop();
  await Deno.remove(dir, { recursive: true });
});
