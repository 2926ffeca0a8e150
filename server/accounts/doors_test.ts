import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { StartError } from "../app.ts";
import { API_KEY, expectError, type Gate, head, MockUpstream, sendRaw, startGate } from "../testing/mod.ts";

/** Asks with these header lines, byte for byte. @returns status and error code */
async function ask(gate: Gate, lines: readonly string[], line = "GET /v1/models HTTP/1.1"): Promise<string> {
  const { status, body } = await sendRaw(gate.app.url, head(line, lines));
  return status === 200 ? "200" : `${status} ${/"code":"(\w+)"/.exec(body)?.[1] ?? ""}`;
}

const NO_HOST = "403 host_not_allowed";
const NO_ORIGIN = "403 origin_not_allowed";

Deno.test("open mode answers loopback names only, on any port", async () => {
  await using upstream = new MockUpstream();
  await using gate = await startGate(upstream);
  const { port } = gate.app.url;
  const good = [
    `127.0.0.1:${port}`,
    "127.0.0.1",
    "localhost",
    `localhost:${port}`,
    "LocalHost:1",
    "[::1]",
    "[::1]:65535",
  ];
  for (const host of good) assertEquals([host, await ask(gate, [`host: ${host}`])], [host, "200"]);
  const bad = [
    "evil.example",
    `evil.example:${port}`,
    "localhost.",
    "localhost.evil.example",
    "127.0.0.1.nip.io",
    "127.0.0.2",
    "0.0.0.0",
    "127.1",
    "2130706433",
    "::1",
    "[::]",
    "[::ffff:127.0.0.1]",
    "localhost:80:80",
    "localhost@evil.example",
    "evil.example@localhost",
    "localhost,evil.example",
    "localhost/evil",
    "",
  ];
  for (const host of bad) {
    const answer = await ask(gate, [`host: ${host}`]);
    if (answer !== "400 ") assertEquals([host, answer], [host, NO_HOST]);
  }
});

Deno.test("open mode wants one Host, and the target's host must be its own too", async () => {
  await using upstream = new MockUpstream();
  await using gate = await startGate(upstream);
  const { host, port } = gate.app.url;
  const refused = async (lines: string[], line?: string) => {
    const answer = await ask(gate, lines, line);
    // What is no HTTP at all is refused before us.
    if (answer !== "400 ") assertEquals(answer, NO_HOST);
  };
  await refused([`host: ${host}`, "host: evil.example"]);
  await refused(["host: evil.example", `host: ${host}`]);
  await refused([]);
  await refused([], "GET /v1/models HTTP/1.0");
  await refused([`host: ${host}`], `GET http://evil.example/v1/models HTTP/1.1`);
  await refused([`host: ${host}`], `GET http://evil.example:${port}/v1/models HTTP/1.1`);
  await refused(["host: evil.example"], `GET http://${host}/v1/models HTTP/1.1`);
  await refused([`host: ${host}`], `GET http://${host}@evil.example/v1/models HTTP/1.1`);
  assertEquals(await ask(gate, [`host: ${host}`], `GET http://${host}/v1/models HTTP/1.1`), "200");
  assertEquals(await ask(gate, [`host: localhost`], `GET http://[::1]:1/v1/models HTTP/1.1`), "200");
  assertEquals(await ask(gate, [`host: ${host}`], "GET /v1/models HTTP/1.0"), "200");
});

Deno.test("ALLOWED_HOSTS adds names, with or without a port", async () => {
  await using upstream = new MockUpstream();
  await using gate = await startGate(upstream, { env: { ALLOWED_HOSTS: "gate.local, other.local:8443" } });
  const cases = [
    ["gate.local", "200"],
    ["GATE.local:99", "200"],
    ["other.local:8443", "200"],
    ["other.local", NO_HOST],
    ["other.local:8444", NO_HOST],
    ["x.gate.local", NO_HOST],
  ];
  for (const [host, expected] of cases) assertEquals([host, await ask(gate, [`host: ${host}`])], [host, expected]);
});

Deno.test("open mode answers pages of its own origin only", async () => {
  await using upstream = new MockUpstream();
  await using gate = await startGate(upstream);
  const { host, port } = gate.app.url;
  const cases = [
    [host, `http://${host}`, "200"],
    [`localhost:${port}`, `http://localhost:${port}`, "200"],
    ["localhost", "http://localhost", "200"],
    ["localhost:80", "http://localhost", "200"],
    [`[::1]:${port}`, `http://[::1]:${port}`, "200"],
    [host, `https://${host}`, NO_ORIGIN],
    [host, `http://localhost:${port}`, NO_ORIGIN],
    [host, "http://127.0.0.1:1", NO_ORIGIN],
    [host, "http://127.0.0.1", NO_ORIGIN],
    [host, "null", NO_ORIGIN],
    [host, "", NO_ORIGIN],
    [host, "http://evil.example", NO_ORIGIN],
    [host, `http://${host}.evil.example`, NO_ORIGIN],
    [host, `http://${host}, http://evil.example`, NO_ORIGIN],
    [host, `http://${host}/`, NO_ORIGIN],
    [host, "file://", NO_ORIGIN],
  ];
  for (const [host, origin, expected] of cases) {
    const lines = [`host: ${host}`, `origin: ${origin}`];
    assertEquals([host, origin, await ask(gate, lines)], [host, origin, expected]);
    assertEquals(
      await ask(gate, [...lines, "content-length: 2"], "POST /v1/models HTTP/1.1") === NO_ORIGIN,
      expected !== "200",
    );
  }
  assertEquals(await ask(gate, [`host: ${host}`, `origin: http://${host}`, "origin: http://evil.example"]), NO_ORIGIN);
});

Deno.test("Sec-Fetch-Site: cross-site is refused, with or without an own origin", async () => {
  await using upstream = new MockUpstream();
  await using gate = await startGate(upstream);
  const { host } = gate.app.url;
  const site = (value: string) => `sec-fetch-site: ${value}`;
  assertEquals(await ask(gate, [`host: ${host}`, site("cross-site")]), NO_ORIGIN);
  assertEquals(await ask(gate, [`host: ${host}`, site("cross-site"), `origin: http://${host}`]), NO_ORIGIN);
  for (const value of ["same-origin", "same-site", "none"]) {
    assertEquals(await ask(gate, [`host: ${host}`, site(value)]), "200");
  }
});

Deno.test("CORS_ORIGINS may ask, preflight and read; others may not", async () => {
  await using upstream = new MockUpstream();
  const origin = "https://app.example";
  await using gate = await startGate(upstream, { env: { CORS_ORIGINS: origin } });
  const answer = await gate.fetch("/v1/models", { headers: { origin, "sec-fetch-site": "cross-site" } });
  await answer.body?.cancel();
  assertEquals([answer.status, answer.headers.get("access-control-allow-origin")], [200, origin]);
  assertStringIncludes(answer.headers.get("vary")?.toLowerCase() ?? "", "origin");
  assertEquals(answer.headers.get("access-control-allow-credentials"), null);

  const asked = {
    "access-control-request-method": "POST",
    "access-control-request-headers": "authorization,content-type",
  };
  const preflight = await gate.fetch("/v1/chat/completions", { method: "OPTIONS", headers: { origin, ...asked } });
  assertEquals([preflight.status, await preflight.text()], [204, ""]);
  assertEquals(preflight.headers.get("access-control-allow-origin"), origin);
  assertEquals(preflight.headers.get("access-control-allow-methods")?.includes("POST"), true);
  assertEquals(preflight.headers.get("access-control-allow-headers"), "authorization,content-type");
  assertEquals(preflight.headers.has("x-request-id"), true);

  for (const other of ["https://app.example.evil.example", "http://app.example", "null"]) {
    for (const method of ["GET", "OPTIONS"]) {
      const refused = await gate.fetch("/v1/models", { method, headers: { origin: other, ...asked } });
      assertEquals(refused.headers.get("access-control-allow-origin"), null);
      await expectError(refused, 403, "origin_not_allowed");
    }
  }
});

Deno.test("a preflight is held to the Host rule as well", async () => {
  await using upstream = new MockUpstream();
  await using gate = await startGate(upstream, { env: { CORS_ORIGINS: "https://app.example" } });
  const lines = ["host: evil.example", "origin: https://app.example", "access-control-request-method: POST"];
  assertEquals(await ask(gate, lines, "OPTIONS /v1/models HTTP/1.1"), NO_HOST);
});

Deno.test("a preflight needs no credential under AUTH=required, and the request behind it does", async () => {
  await using upstream = new MockUpstream();
  const origin = "https://app.example";
  await using gate = await startGate(upstream, { env: { CORS_ORIGINS: origin, AUTH: "required" } });
  const headers = { origin, "access-control-request-method": "GET", "x-forwarded-for": "1.2.3.4" };
  const preflight = await gate.fetch("/v1/models", { method: "OPTIONS", headers });
  assertEquals([preflight.status, preflight.headers.get("access-control-allow-origin")], [204, origin]);
  await expectError(await gate.fetch("/v1/models", { headers: { origin } }), 401, "credential_required");
});

Deno.test("what a reverse proxy forwarded needs a credential", async () => {
  await using upstream = new MockUpstream();
  await using gate = await startGate(upstream);
  const headers = [
    ["forwarded", "for=1.2.3.4"],
    ["via", "1.1 proxy"],
    ["x-forwarded-for", "127.0.0.1"],
    ["x-forwarded-host", "localhost"],
    ["x-forwarded-proto", "https"],
    ["X-Forwarded-Anything", ""],
  ] as const;
  for (const [name, value] of headers) {
    await expectError(await gate.fetch("/v1/models", { headers: { [name]: value } }), 401, "credential_required");
    const dummy = { [name]: value, authorization: "Bearer dummy" };
    await expectError(await gate.fetch("/v1/models", { headers: dummy }), 401, "credential_required");
    const live = await gate.fetch("/health/live", { headers: { [name]: value } });
    await live.body?.cancel();
    assertEquals(live.status, 200);
  }
});

Deno.test("dummy keys pass in open mode, our own are judged", async () => {
  await using upstream = new MockUpstream();
  await using gate = await startGate(upstream);
  for (const value of ["Bearer dummy", "Bearer sk-123", "Bearer ", "Basic Z2hfeDo=", "Bearer gh", "Bearer GH_x", "x"]) {
    const answer = await gate.fetch("/v1/models", { headers: { authorization: value } });
    await answer.body?.cancel();
    assertEquals([value, answer.status], [value, 200]);
  }
  const ours: HeadersInit[] = [
    { authorization: "Bearer gh_0000" },
    { authorization: "bearer gh_0000" },
    { authorization: "BEARER   gh_" },
    { "x-api-key": "gh_0000" },
    { authorization: "Bearer dummy", "x-api-key": "gh_0000" },
  ];
  for (const headers of ours) {
    const answer = await gate.fetch("/v1/models", { headers });
    assertEquals(answer.headers.get("www-authenticate"), "Bearer");
    await expectError(answer, 401, "invalid_api_key");
  }
});

Deno.test("AUTH=required asks everybody but for liveness and readiness", async () => {
  await using upstream = new MockUpstream();
  await using gate = await startGate(upstream, { env: { AUTH: "required", METRICS_TOKEN: "scrape-me" } });
  for (const path of ["/v1/models", "/health", "/metrics", "/nothing", "/v1/chat/completions"]) {
    await expectError(await gate.fetch(path), 401, "credential_required");
    await expectError(
      await gate.fetch(path, { headers: { authorization: "Bearer dummy" } }),
      401,
      "invalid_api_key",
    );
    await expectError(await gate.fetch(path, { headers: { "x-api-key": "gh_x" } }), 401, "invalid_api_key");
  }
  for (const path of ["/health/live", "/health/ready"]) {
    const answer = await gate.fetch(path);
    await answer.body?.cancel();
    assertEquals(answer.status, 200);
  }
  const scrape = await gate.fetch("/metrics", { headers: { authorization: "Bearer scrape-me" } });
  await scrape.body?.cancel();
  assertEquals(scrape.status, 200);
  for (const path of ["/health", "/v1/models", "/%6detrics"]) {
    const headers = { authorization: "Bearer scrape-me" };
    await expectError(await gate.fetch(path, { headers }), 401, "invalid_api_key");
  }
});

Deno.test("a scraper passes with METRICS_TOKEN through a proxy, and open mode needs none", async () => {
  await using upstream = new MockUpstream();
  await using gate = await startGate(upstream, { env: { METRICS_TOKEN: "scrape-me" } });
  const status = async (headers: HeadersInit) => {
    const answer = await gate.fetch("/metrics", { headers });
    await answer.body?.cancel();
    return answer.status;
  };
  assertEquals(await status({}), 200);
  assertEquals(await status({ via: "x" }), 401);
  assertEquals(await status({ via: "x", authorization: "Bearer scrape-me" }), 200);
  assertEquals(await status({ via: "x", authorization: "Bearer scrape-mf" }), 401);
});

Deno.test("startApp() refuses a HOST off loopback, with the reason", async () => {
  await using upstream = new MockUpstream();
  for (const HOST of ["0.0.0.0", "::", "192.0.2.1", "gate.example", "::ffff:10.0.0.1"]) {
    await assertRejects(() => startGate(upstream, { env: { ...API_KEY, HOST } }), StartError, "there is no account");
  }
});

for (const HOST of ["::1", "localhost", "127.0.0.2"]) {
  Deno.test(`startApp() listens on HOST=${HOST}`, async () => {
    await using upstream = new MockUpstream();
    await using gate = await startGate(upstream, { env: { HOST } });
    const lines = [`host: localhost:${gate.app.url.port}`];
    assertEquals(await ask(gate, lines), "200");
  });
}
