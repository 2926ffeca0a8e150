import { assert, assertEquals, assertMatch, assertNotMatch } from "@std/assert";
import { FakeClock } from "../../effects/fake_clock.ts";
import {
  API_KEY,
  expectError,
  type Gate,
  json,
  MockProvider,
  MockUpstream,
  startGate,
  tokens,
} from "../../testing/mod.ts";

interface Health {
  readonly status: string;
  readonly credential: Readonly<Record<string, unknown>>;
}

const ISO = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

/** The health answer, held to its exact fields and types. */
async function healthOf(gate: Gate): Promise<Health> {
  const answer = await gate.fetch("/health");
  assertEquals([answer.status, answer.headers.get("content-type")], [200, "application/json"]);
  const health = await answer.json();
  assertEquals(Object.keys(health), ["status", "version", "uptime_s", "demo", "credential"]);
  const fields = ["state", "upstream", "since", "expires_at", "last_refresh_at", "last_error", "fix"];
  assertEquals(Object.keys(health.credential), fields);
  assertMatch(health.version, /^\d+\.\d+\.\d+/);
  assert(typeof health.uptime_s === "number" && health.uptime_s >= 0);
  assertEquals([health.demo, health.credential.upstream], [false, "default"]);
  for (const name of ["since", "expires_at", "last_refresh_at"]) {
    if (name === "since" || health.credential[name] !== null) assertMatch(health.credential[name], ISO);
  }
  return health;
}

/** Waits until the health names `state`. */
async function until(gate: Gate, state: string): Promise<Health> {
  for (;;) {
    const health = await healthOf(gate);
    if (health.credential.state === state) return health;
  }
}

Deno.test("GET /health says none without a credential and valid with an API key", async () => {
  await using upstream = new MockUpstream();
  for (const [env, state] of [[{}, "none"], [API_KEY, "valid"]] as const) {
    await using gate = await startGate(upstream, { env });
    const { status, credential } = await healthOf(gate);
    assertEquals([status, credential.state], ["ok", state]);
    assertEquals([credential.expires_at, credential.last_refresh_at, credential.last_error, credential.fix], [
      null,
      null,
      null,
      null,
    ]);
  }
});

Deno.test("GET /health goes from refreshing to valid, with the times of the token", async () => {
  await using upstream = new MockUpstream();
  await using provider = new MockProvider();
  const gone = Promise.withResolvers<void>();
  provider.answer = async (_form, count) => {
    await gone.promise;
    return tokens(count);
  };
  const clock = new FakeClock(Date.UTC(2026, 4, 5));
  await using gate = await startGate(upstream, { env: provider.env, clock });
  const before = await healthOf(gate);
  assertEquals([before.status, before.credential.state, before.credential.expires_at], ["ok", "refreshing", null]);
  gone.resolve();
  const { status, credential } = await until(gate, "valid");
  assertEquals([status, credential.fix, credential.last_error], ["ok", null, null]);
  assertEquals(credential.since, "2026-05-05T00:00:00.000Z");
  assertEquals(credential.expires_at, "2026-05-05T01:00:00.000Z");
  assertEquals(credential.last_refresh_at, "2026-05-05T00:00:00.000Z");
});

Deno.test("GET /health says stale and degraded while the old token lives, then down", async () => {
  await using upstream = new MockUpstream();
  await using provider = new MockProvider();
  provider.answer = (_form, count) => count === 1 ? tokens(1, { expires_in: 60 }) : json("{}", { status: 503 });
  const clock = new FakeClock();
  await using gate = await startGate(upstream, { env: provider.env, clock });
  await until(gate, "valid");
  await clock.advance(58_000);
  const stale = await until(gate, "stale");
  assertEquals(stale.status, "degraded");
  assert(typeof stale.credential.last_error === "string" && typeof stale.credential.fix === "string");
  assertEquals((await (await gate.chat("{}")).text()).length > 0, true);
  await clock.advance(3_000);
  const over = await until(gate, "stale");
  assertEquals(over.status, "down");
  const refused = await gate.chat("{}");
  assert(Number(refused.headers.get("retry-after")) >= 1);
  await expectError(refused, 503, "credential_unavailable");
});

Deno.test("GET /health says reauth_required and down, since when and what to do", async () => {
  await using upstream = new MockUpstream();
  await using provider = new MockProvider();
  provider.answer = () => json('{"error":"invalid_grant","error_description":"refresh-0 revoked"}', { status: 400 });
  await using gate = await startGate(upstream, { env: provider.env });
  const { status, credential } = await until(gate, "reauth_required");
  assertEquals(status, "down");
  assertMatch(String(credential.fix), /login/);
  assertNotMatch(JSON.stringify(credential), /refresh-0/);
  const again = await until(gate, "reauth_required");
  assertEquals(again.credential.since, credential.since);
  const live = await gate.fetch("/health/live");
  const ready = await gate.fetch("/health/ready");
  await Promise.all([live.body?.cancel(), ready.body?.cancel()]);
  assertEquals([live.status, ready.status], [200, 200]);
});

Deno.test("GET /metrics is Prometheus text whose labels come from known sets", async () => {
  await using upstream = new MockUpstream();
  await using provider = new MockProvider();
  await using gate = await startGate(upstream, { env: provider.env });
  const secretPath = "/v1/models/who-asks-for-this";
  for (const path of [secretPath, "/secret-path?token=x", "/v1/models", "/metrics", "/v1/%2e%2e/secret-path"]) {
    await (await gate.fetch(path)).body?.cancel();
  }
  await (await gate.fetch("/v1/models", { method: "SECRET-METHOD" })).body?.cancel();
  await (await gate.chat('{"model":"secret-model"}')).body?.cancel();
  await (await gate.chat("{}")).text();
  const answer = await gate.fetch("/metrics");
  assertMatch(answer.headers.get("content-type") ?? "", /^text\/plain; version=0\.0\.4/);
  const text = await answer.text();
  assertNotMatch(text, /secret|who-asks|access\/|refresh-\d/i);
  const label = String.raw`[a-zA-Z_]\w*="(?:[^"\\\n]|\\.)*"`;
  const sample = new RegExp(
    String.raw`^[a-z_]+(?:\{${label}(?:,${label})*\})? (?:-?\d+(?:\.\d+)?(?:e[+-]?\d+)?|[+-]Inf|NaN)$`,
  );
  const seen = new Set<string>();
  let type = "";
  for (const line of text.trimEnd().split("\n")) {
    const name = /^# TYPE (\w+) (?:counter|gauge|histogram)$/.exec(line)?.[1];
    if (name !== undefined) {
      assert(!seen.has(name), `${name} stands there twice`);
      seen.add(type = name);
    } else if (!line.startsWith("# HELP ")) {
      assertMatch(line, sample);
      assert(line.startsWith(type), line);
    }
  }
  assertEquals(text.endsWith("\n"), true);
  const routes = new Set([...text.matchAll(/route="([^"]*)"/g)].map(([, route]) => route));
  for (const route of routes) {
    assert(["/v1/chat/completions", "/v1/models", "/v1/models/{id}", "/metrics", "other"].includes(route ?? ""), route);
  }
  assertMatch(text, /^gatehouse_requests_total\{surface="openai",route="\/v1\/models\/\{id\}",code="404"\} 1$/m);
  assertMatch(text, /^gatehouse_credential_state\{upstream="default",state="valid"\} 1$/m);
  assertMatch(text, /^gatehouse_credential_refreshes_total\{upstream="default",outcome="renewed"\} 1$/m);
  assertMatch(text, /^gatehouse_open_streams 0$/m);
});
