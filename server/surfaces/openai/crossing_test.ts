import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { API_KEY, COMPLETION, json, MockUpstream, sendRaw, startGate, writeAll } from "../../testing/mod.ts";

const CLIENT_HEADERS = {
  authorization: "Bearer client-secret",
  "x-api-key": "client-key",
  cookie: "session=client",
  "proxy-authorization": "Basic client",
  "x-request-id": "req-1",
  "x-custom": "1",
  "openai-organization": "org",
  "openai-project": "proj",
  "openai-beta": "assistants=v2",
  "idempotency-key": "idem",
  traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
  tracestate: "a=b",
  "user-agent": "client/1.0",
  accept: "application/json, text/event-stream",
  "accept-encoding": "gzip, br",
  "content-type": "application/json; charset=utf-8",
};

Deno.test("what crosses up: the named headers, the settings' own, the credential, and nothing of the client's", async () => {
  await using upstream = new MockUpstream();
  await using gate = await startGate(upstream, {
    env: { ...API_KEY, LLM_EXTRA_HEADERS: "X-Tenant: blue; OpenAI-Project: ours" },
  });
  const lines = Object.entries(CLIENT_HEADERS).map(([name, value]) => `${name}: ${value}\r\n`).join("");
  const request = `POST /v1/chat/completions HTTP/1.1\r\nhost: ${gate.app.url.host}\r\n${lines}` +
    "content-length: 2\r\nconnection: close\r\n\r\n{}";
  const answer = await sendRaw(gate.app.url, request);
  assertEquals(answer.status, 200);
  const seen = Object.fromEntries(upstream.last.headers);
  delete seen["connection"]; // between the server and the upstream alone
  assertEquals(seen, {
    accept: CLIENT_HEADERS.accept,
    "accept-encoding": "identity",
    authorization: `Bearer ${API_KEY.MODEL_KEY}`,
    "content-length": upstream.last.headers.get("content-length") ?? "",
    "content-type": CLIENT_HEADERS["content-type"],
    host: new URL(upstream.origin).host,
    "idempotency-key": "idem",
    "openai-beta": "assistants=v2",
    "openai-organization": "org",
    "openai-project": "ours",
    traceparent: CLIENT_HEADERS.traceparent,
    "user-agent": "client/1.0",
    "x-tenant": "blue",
  });
});

Deno.test("what crosses up: an API key in a header of its own, and none where no credential is set", async () => {
  await using upstream = new MockUpstream();
  {
    await using gate = await startGate(upstream, { env: { ...API_KEY, API_KEY_HEADER: "X-Api-Key" } });
    const answer = await gate.chat("{}", { headers: { "x-api-key": "dummy", authorization: "Bearer dummy" } });
    await answer.body?.cancel();
    assertEquals(upstream.last.headers.get("x-api-key"), API_KEY.MODEL_KEY);
    assertEquals(upstream.last.headers.get("authorization"), null);
  }
  await using gate = await startGate(upstream);
  const answer = await gate.chat("{}", { headers: { "x-api-key": "dummy", authorization: "Bearer dummy" } });
  await answer.body?.cancel();
  assertEquals([upstream.last.headers.get("x-api-key"), upstream.last.headers.get("authorization")], [null, null]);
});

Deno.test("the query of LLM_API_URL is kept, on the derived model list too", async () => {
  await using upstream = new MockUpstream();
  const url = `${upstream.origin}/openai/deployments/a%2Fb/chat/completions?api-version=2024-10-21&x=%20`;
  await using gate = await startGate(url);
  const answer = await gate.chat("{}");
  await answer.body?.cancel();
  await (await gate.fetch("/v1/models")).body?.cancel();
  assertEquals(upstream.last.target, "/openai/deployments/a%2Fb/chat/completions?api-version=2024-10-21&x=%20");
  assertEquals(upstream.lists[0]?.target, "/openai/deployments/a%2Fb/models?api-version=2024-10-21&x=%20");
});

const DOWN = [
  ["content-type", "application/json"],
  ["retry-after", "7"],
  ["x-ratelimit-remaining-tokens", "9"],
  ["openai-processing-ms", "12"],
] as const;
const NOT_DOWN = [
  "set-cookie",
  "www-authenticate",
  "server",
  "x-powered-by",
  "etag",
  "location",
  "access-control-allow-origin",
  "content-encoding",
];

for (const status of [200, 400, 429, 500]) {
  Deno.test(`what crosses down with ${status}: the named headers and never cookies or challenges`, async () => {
    await using upstream = new MockUpstream();
    await using gate = await startGate(upstream);
    upstream.answer = () => {
      const headers = new Headers(DOWN.map(([name, value]): [string, string] => [name, value]));
      for (const name of NOT_DOWN) if (name !== "content-encoding") headers.set(name, "x");
      headers.append("set-cookie", "b=2");
      headers.set("x-request-id", "upstreams-own");
      return json(COMPLETION, { status, headers });
    };
    const answer = await gate.chat("{}");
    assertEquals([answer.status, await answer.text()], [status, COMPLETION]);
    for (const [name, value] of DOWN) assertEquals(answer.headers.get(name), value);
    for (const name of NOT_DOWN) assertEquals(answer.headers.get(name), null, name);
    assertNotEquals(answer.headers.get("x-request-id"), "upstreams-own");
  });
}

Deno.test("an answer that was packed although identity was asked comes unpacked, without its old length", async () => {
  await using upstream = new MockUpstream();
  await using gate = await startGate(upstream);
  for (const status of [200, 400]) {
    upstream.answer = async () => {
      const packed = new Response(new Blob([COMPLETION]).stream().pipeThrough(new CompressionStream("gzip")));
      return new Response(await packed.bytes(), {
        status,
        headers: { "content-type": "application/json", "content-encoding": "gzip" },
      });
    };
    const answer = await gate.chat("{}");
    assertEquals([answer.status, await answer.text()], [status, COMPLETION]);
    assertEquals(answer.headers.get("content-encoding"), null);
  }
});

Deno.test("x-request-id is the caller's where it is sane, and a ULID otherwise, on every answer", async () => {
  await using upstream = new MockUpstream();
  await using gate = await startGate(upstream);
  const ask = async (path: string, id?: string) => {
    const answer = await gate.fetch(path, id === undefined ? {} : { headers: { "x-request-id": id } });
    await answer.body?.cancel();
    return answer.headers.get("x-request-id") ?? "";
  };
  for (const path of ["/v1/models", "/health/live", "/nothing", "/v1/chat/completions", "/metrics"]) {
    assertEquals(await ask(path, "Ab-1._z"), "Ab-1._z");
    const ids = [await ask(path), await ask(path, "a b"), await ask(path, "x".repeat(129)), await ask(path, "é<>")];
    for (const id of ids) assert(/^[0-7][0-9A-HJKMNP-TV-Z]{25}$/.test(id), id);
    assertEquals(new Set(ids).size, ids.length);
  }
});

Deno.test("no redirect of the upstream is followed", async () => {
  await using upstream = new MockUpstream();
  await using gate = await startGate(upstream, { env: API_KEY });
  for (const status of [301, 302, 303, 307, 308]) {
    const before = upstream.calls.length;
    upstream.answer = () => new Response(null, { status, headers: { location: `${upstream.origin}/elsewhere` } });
    const answer = await gate.chat('{"stream":true}');
    const body = await answer.json();
    assertEquals([answer.status, body.error.code, upstream.calls.length - before], [502, "upstream_failed", 1]);
    assertEquals(answer.headers.get("location"), null);
  }
});

Deno.test("a status that cannot be passed on is a 502, and one without a body has none", async () => {
  await using upstream = new MockUpstream();
  await using gate = await startGate(upstream, { env: { LLM_MAX_CONCURRENT: "1" } });
  for (const status of [204, 205]) {
    upstream.answer = () => new Response(null, { status });
    for (const body of ["{}", '{"stream":true}']) {
      const answer = await gate.chat(body);
      assertEquals([answer.status, await answer.text()], [status, ""]);
    }
  }
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  await using odd = await startGate(`http://127.0.0.1:${listener.addr.port}/chat`);
  const served = (async () => {
    for await (const connection of listener) {
      const n = await connection.read(new Uint8Array(65_536));
      if (n !== null) {
        const text = "HTTP/1.1 799 Odd\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}";
        await writeAll(connection, new TextEncoder().encode(text));
      }
      connection.close();
      if (n !== null) return; // this closes the listener
    }
  })();
  const answer = await odd.chat("{}");
  const body = await answer.json();
  await served;
  assertEquals([answer.status, body.error.code], [502, "upstream_failed"]);
});
