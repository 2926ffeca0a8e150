import { assert, assertEquals, assertMatch } from "@std/assert";
import fc from "fast-check";
import { FakeClock } from "../effects/fake_clock.ts";
import { Exposition } from "./exposition.ts";
import { createMetrics, type Metrics } from "./mod.ts";

const SAMPLE = /^(gatehouse_[a-z_]+)(?:\{((?:[a-z]+="(?:[^"\\\n]|\\["\\n])*",?)+)\})? (-?[0-9.e+-]+|NaN|[+-]Inf)$/;

/** Reads the text format strictly; every sample must belong to the family announced above it. */
function parse(text: string): Map<string, number> {
  assert(text.endsWith("\n"));
  const samples = new Map<string, number>();
  let family = "";
  for (const line of text.slice(0, -1).split("\n")) {
    const head = /^# (HELP|TYPE) (\S+) (.+)$/.exec(line);
    if (head !== null) {
      family = head[2] ?? "";
      continue;
    }
    const sample = SAMPLE.exec(line);
    assert(sample !== null, `not a sample: ${line}`);
    const [, name = "", labels, value] = sample;
    assertMatch(name, new RegExp(`^${family}(_bucket|_sum|_count)?$`));
    const key = labels === undefined ? name : `${name}{${labels}}`;
    assert(!samples.has(key), `twice: ${key}`);
    samples.set(key, Number(value));
  }
  return samples;
}

function setUp(): { metrics: Metrics; clock: FakeClock; read: () => Promise<Map<string, number>> } {
  const clock = new FakeClock();
  const metrics = createMetrics({
    clock,
    version: "1.2.3",
    upstreams: ["main"],
    routes: ["/v1/models", "/v1/models/{id}"],
    memory: () => ({ rss: 1, heapTotal: 2, heapUsed: 3, external: 4 }),
  });
  return { metrics, clock, read: async () => parse(await metrics.render()) };
}

Deno.test("createMetrics() counts requests by surface, route and status", async () => {
  const { metrics, read } = setUp();
  const request = { surface: "openai", route: "/v1/models", durationMs: 25 } as const;
  metrics.requestFinished({ ...request, status: 200 });
  metrics.requestFinished({ ...request, status: 200, durationMs: 3_000 });
  metrics.requestFinished({ ...request, status: 499 });
  const samples = await read();
  const at = (name: string, more: string) =>
    samples.get(`gatehouse_${name}{surface="openai",route="/v1/models",${more}}`);
  assertEquals(at("requests_total", 'code="200"'), 2);
  assertEquals(at("requests_total", 'code="499"'), 1);
  assertEquals(at("request_duration_seconds_bucket", 'le="0.01"'), 0);
  assertEquals(at("request_duration_seconds_bucket", 'le="0.025"'), 2);
  assertEquals(at("request_duration_seconds_bucket", 'le="5"'), 3);
  assertEquals(at("request_duration_seconds_bucket", 'le="+Inf"'), 3);
  assertEquals(samples.get('gatehouse_request_duration_seconds_count{surface="openai",route="/v1/models"}'), 3);
  assertEquals(samples.get('gatehouse_request_duration_seconds_sum{surface="openai",route="/v1/models"}'), 3.05);
});

Deno.test("createMetrics() counts what happens upstream", async () => {
  const { metrics, read } = setUp();
  metrics.firstToken("main", 40);
  metrics.tokensUsed("main", { prompt: 7, completion: 0 });
  metrics.tokensUsed("main", { prompt: 1, completion: NaN });
  metrics.upstreamFinished("main", "timeout");
  metrics.upstreamAborted("main", "first_byte");
  metrics.credentialRefreshed("main", "renewed");
  const samples = await read();
  assertEquals(samples.get('gatehouse_time_to_first_token_seconds_bucket{upstream="main",le="0.05"}'), 1);
  assertEquals(samples.get('gatehouse_tokens_total{kind="prompt",upstream="main"}'), 8);
  assertEquals(samples.get('gatehouse_tokens_total{kind="completion",upstream="main"}'), 0);
  assertEquals(samples.get('gatehouse_upstream_requests_total{upstream="main",outcome="timeout"}'), 1);
  assertEquals(samples.get('gatehouse_upstream_requests_total{upstream="main",outcome="ok"}'), 0);
  assertEquals(samples.get('gatehouse_upstream_aborts_total{upstream="main",phase="first_byte"}'), 1);
  assertEquals(samples.get('gatehouse_credential_refreshes_total{upstream="main",outcome="renewed"}'), 1);
});

Deno.test("createMetrics() reads credential, queue and sockets when it is scraped", async () => {
  const { metrics, clock, read } = setUp();
  let reading: { state: "valid" | "stale"; expiresAt: number | null } = {
    state: "valid",
    expiresAt: clock.now() + 60_000,
  };
  metrics.watchCredential("main", () => reading);
  metrics.watchQueue("main", () => 4);
  metrics.watchSockets(() => 7);
  await clock.advance(10_000);
  const before = await read();
  assertEquals(before.get('gatehouse_credential_expiry_seconds{upstream="main"}'), 50);
  assertEquals(before.get('gatehouse_credential_state{upstream="main",state="valid"}'), 1);
  assertEquals(before.get('gatehouse_credential_state{upstream="main",state="stale"}'), 0);
  assertEquals(before.get('gatehouse_queue_length{upstream="main"}'), 4);
  assertEquals(before.get("gatehouse_open_websockets"), 7);
  assertEquals(before.get("gatehouse_uptime_seconds"), 10);
  assertEquals(before.get('gatehouse_build_info{version="1.2.3"}'), 1);
  assertEquals(before.get('gatehouse_memory_bytes{kind="rss"}'), 1);
  reading = { state: "stale", expiresAt: null };
  const after = await read();
  assertEquals(after.get('gatehouse_credential_state{upstream="main",state="stale"}'), 1);
  assertEquals(after.has('gatehouse_credential_expiry_seconds{upstream="main"}'), false);
});

Deno.test("createMetrics() renders the rest when a reader throws", async () => {
  const { metrics, read } = setUp();
  metrics.watchCredential("main", () => {
    throw new Error("no");
  });
  metrics.watchQueue("main", () => 1);
  const samples = await read();
  assertEquals(samples.get('gatehouse_queue_length{upstream="main"}'), 1);
  assertEquals([...samples.keys()].filter((key) => key.startsWith("gatehouse_credential_state")), []);
});

Deno.test("createMetrics() counts open streams, each closed once", async () => {
  const { metrics, read } = setUp();
  const close = metrics.streamOpened();
  metrics.streamOpened();
  assertEquals((await read()).get("gatehouse_open_streams"), 2);
  close();
  close();
  assertEquals((await read()).get("gatehouse_open_streams"), 1);
});

Deno.test("createMetrics() closes its label sets: no client can add a series", async () => {
  const { metrics, read } = setUp();
  const feed = (route: string, upstream: string, status: number) => {
    metrics.requestFinished({ surface: "openai", route, status, durationMs: 1 });
    metrics.tokensUsed(upstream, { prompt: 1, completion: 1 });
    metrics.firstToken(upstream, 1);
    metrics.upstreamFinished(upstream, "ok");
    metrics.upstreamAborted(upstream, "queued");
    metrics.credentialRefreshed(upstream, "failed");
    metrics.watchQueue(upstream, () => 1);
    metrics.watchCredential(upstream, () => ({ state: "valid", expiresAt: 0 }));
  };
  feed("other", "other", 0);
  const keys = [...(await read()).keys()].sort();
  fc.assert(
    fc.property(
      fc.string().map((text) => `/${text}`),
      fc.string({ minLength: 5 }),
      fc.oneof(fc.integer({ max: 99 }), fc.integer({ min: 600 }), fc.double({ noInteger: true })),
      feed,
    ),
  );
  assertEquals([...(await read()).keys()].sort(), keys);
});

Deno.test("Exposition escapes label values", () => {
  const all = new Exposition();
  all.counter("gatehouse_x_total", "X.", ["a"]).inc(['q" b\\ n\n']);
  assertEquals(
    all.render(),
    '# HELP gatehouse_x_total X.\n# TYPE gatehouse_x_total counter\ngatehouse_x_total{a="q\\" b\\\\ n\\n"} 1\n',
  );
});
