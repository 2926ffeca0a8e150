import { assert, assertEquals, assertNotMatch } from "@std/assert";
import { FakeClock } from "../../effects/fake_clock.ts";
import {
  API_KEY,
  COMPLETION,
  expectError,
  Feed,
  json,
  left,
  MockProvider,
  MockUpstream,
  silence,
  startGate,
  tokens,
} from "../../testing/mod.ts";

Deno.test("an upstream's own error keeps status, body and Retry-After", async () => {
  await using upstream = new MockUpstream();
  await using gate = await startGate(upstream, { env: API_KEY });
  const body = ' {"error": {"message":"no é", "n":1e400}}\n';
  for (const status of [400, 402, 403, 404, 408, 409, 413, 422, 429, 451, 500, 502, 503, 504, 529]) {
    for (const request of ["{}", '{"stream":true}']) {
      const before = upstream.calls.length;
      upstream.answer = () => json(body, { status, headers: { "retry-after": "3" } });
      const answer = await gate.chat(request);
      assertEquals([answer.status, await answer.text(), answer.headers.get("retry-after")], [status, body, "3"]);
      assertEquals(upstream.calls.length - before, 1);
    }
  }
});

Deno.test("an error that is no JSON, or an event stream, or empty, comes as it is", async () => {
  await using upstream = new MockUpstream();
  await using gate = await startGate(upstream);
  const cases = [["text/html", "<h1>Bad Gateway</h1>"], ["text/event-stream", "data: {}\n\n"], ["text/plain", ""]];
  for (const [type = "", body = ""] of cases) {
    upstream.answer = () => json(body, { status: 503, headers: { "content-type": type } });
    const answer = await gate.chat('{"stream":true}');
    assertEquals([answer.status, answer.headers.get("content-type"), await answer.text()], [503, type, body]);
  }
});

Deno.test("a 401 is refreshed and retried once, with the same body", async () => {
  await using upstream = new MockUpstream();
  await using provider = new MockProvider();
  await using gate = await startGate(upstream, { env: provider.env });
  upstream.answer = ({ headers }) =>
    headers.get("authorization") === "Bearer access/2+x="
      ? json(COMPLETION)
      : json("{}", { status: 401, headers: { "www-authenticate": "Bearer" } });
  const answer = await gate.chat('{"seed":9007199254740993}');
  assertEquals([answer.status, await answer.text()], [200, COMPLETION]);
  assertEquals(upstream.calls.length, 2);
  assertEquals(upstream.calls[0]?.text, upstream.calls[1]?.text);
  assertEquals(provider.forms.map((form) => form.get("refresh_token")), ["refresh-0", "refresh-1"]);
});

Deno.test("a 401 that stays is 502 upstream_unauthorized, without challenge and without the token", async () => {
  await using upstream = new MockUpstream();
  await using provider = new MockProvider();
  await using gate = await startGate(upstream, { env: provider.env });
  upstream.answer = ({ headers }) =>
    json(`{"echo":"${headers.get("authorization")}"}`, { status: 401, headers: { "www-authenticate": "Bearer" } });
  const answer = await gate.chat("{}");
  assertEquals(answer.headers.get("www-authenticate"), null);
  assertNotMatch(await expectError(answer, 502, "upstream_unauthorized"), /access/);
  assertEquals(upstream.calls.length, 2);
});

Deno.test("a 401 is 503 reauth_required where the refresh is refused for good", async () => {
  await using upstream = new MockUpstream();
  await using provider = new MockProvider();
  provider.answer = (_form, count) => count === 1 ? tokens(1) : json('{"error":"invalid_grant"}', { status: 400 });
  await using gate = await startGate(upstream, { env: provider.env });
  upstream.answer = () => json("{}", { status: 401 });
  for (let round = 0; round < 2; round++) await expectError(await gate.chat("{}"), 503, "reauth_required");
  assertEquals(provider.forms.length, 2);
});

Deno.test("a provider that fails for a passing reason is 503 credential_unavailable with Retry-After", async () => {
  await using upstream = new MockUpstream();
  await using provider = new MockProvider();
  provider.answer = () => json("{}", { status: 503, headers: { "retry-after": "17" } });
  await using gate = await startGate(upstream, { env: provider.env });
  const answer = await gate.chat("{}");
  const wait = Number(answer.headers.get("retry-after"));
  assert(wait >= 16 && wait <= 17, String(wait));
  await expectError(answer, 503, "credential_unavailable");
  assertEquals(upstream.calls.length, 0);
});

Deno.test("401 with an API key, 401 without a credential and 407 are 502 upstream_unauthorized, asked once", async () => {
  await using upstream = new MockUpstream();
  for (const [env, status] of [[API_KEY, 401], [{}, 401], [API_KEY, 407]] as const) {
    await using gate = await startGate(upstream, { env });
    const before = upstream.calls.length;
    upstream.answer = () => json("{}", { status, headers: { "proxy-authenticate": "Basic", "www-authenticate": "x" } });
    const answer = await gate.chat("{}");
    assertEquals([answer.headers.get("www-authenticate"), answer.headers.get("proxy-authenticate")], [null, null]);
    await expectError(answer, 502, "upstream_unauthorized");
    assertEquals(upstream.calls.length - before, 1);
  }
});

Deno.test("the credential in use is redacted in every error body, however JSON spells it", async () => {
  await using upstream = new MockUpstream();
  await using gate = await startGate(upstream, { env: API_KEY });
  const key = API_KEY.MODEL_KEY;
  const unicode = (text: string) => `\\u${text.charCodeAt(0).toString(16).padStart(4, "0")}`;
  const spellings = [
    key,
    key.replaceAll("/", "\\/"),
    key.replace(/[/+=]/g, unicode),
    key.replace(/[/+=]/g, (char) => unicode(char).replace(/[a-f]/g, (hex) => hex.toUpperCase())),
    [...key].map(unicode).join(""),
    encodeURIComponent(key),
    encodeURIComponent(key).toLowerCase(),
    key + key,
  ];
  for (const status of [400, 404, 429, 500, 503]) {
    for (const spelling of spellings) {
      upstream.answer = () => json(`{"a":"Bearer ${spelling}","b":"${spelling}x"}`, { status });
      const text = await (await gate.chat("{}")).text();
      const mark = spelling === key + key ? "[redacted][redacted]" : "[redacted]";
      assertEquals(text, `{"a":"Bearer ${mark}","b":"${mark}x"}`, spelling);
    }
  }
});

Deno.test("a token that a refresh replaced while the call was on its way is redacted too", async () => {
  await using upstream = new MockUpstream();
  await using provider = new MockProvider();
  await using gate = await startGate(upstream, { env: provider.env });
  const release = Promise.withResolvers<void>();
  upstream.answer = async ({ headers, text }) => {
    if (text.includes("first")) {
      await release.promise;
      return json(`"${headers.get("authorization")}"`, { status: 400 });
    }
    return headers.get("authorization")?.includes("/1") ? json("{}", { status: 401 }) : json(COMPLETION);
  };
  const slow = gate.chat('{"user":"first"}');
  await upstream.called(1);
  await (await gate.chat("{}")).body?.cancel();
  release.resolve();
  assertEquals(await (await slow).text(), '"Bearer [redacted]"');
});

Deno.test("an upstream that cannot be reached is 502 upstream_unreachable", async () => {
  const free = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = free.addr;
  free.close();
  await using gate = await startGate(`http://127.0.0.1:${port}/v1/chat/completions`, { env: API_KEY });
  await expectError(await gate.chat("{}"), 502, "upstream_unreachable");
});

Deno.test("an upstream that closes before its answer is 502 upstream_failed, asked once", async () => {
  await using upstream = new MockUpstream();
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  let requests = 0;
  const serving = (async () => {
    for await (const connection of listener) {
      const n = await connection.read(new Uint8Array(65_536)).catch(() => null);
      if (n !== null) requests++;
      connection.close();
    }
  })();
  const env = { ...API_KEY, LLM_MODELS_API_URL: `${upstream.origin}/models` };
  await using gate = await startGate(`http://127.0.0.1:${listener.addr.port}/chat`, { env });
  await expectError(await gate.chat("{}"), 502, "upstream_failed");
  listener.close();
  await serving.catch(() => {});
  assertEquals(requests, 1);
});

Deno.test("an answer that breaks before its length is reached is 502 upstream_failed", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const serving = (async () => {
    for await (const connection of listener) {
      const n = await connection.read(new Uint8Array(65_536)).catch(() => null);
      if (n !== null) {
        await connection.write(
          new TextEncoder().encode("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 99\r\n\r\n{"),
        );
      }
      connection.close();
    }
  })();
  await using gate = await startGate(`http://127.0.0.1:${listener.addr.port}/chat`);
  await expectError(await gate.chat("{}"), 502, "upstream_failed");
  listener.close();
  await serving.catch(() => {});
});

Deno.test("silence before the first byte is 504 upstream_timeout, and the upstream is left", async () => {
  await using upstream = new MockUpstream();
  const clock = new FakeClock();
  await using gate = await startGate(upstream, { env: { LLM_REQUEST_TIMEOUT: "5" }, clock });
  for (const body of ["{}", '{"stream":true}']) {
    const before = upstream.calls.length;
    upstream.answer = silence;
    const asked = gate.chat(body);
    await upstream.called(before + 1);
    await clock.advance(4_900);
    assertEquals(upstream.last.signal.aborted, false);
    await clock.advance(700); // the one timer of all streams looks ten times per limit
    await expectError(await asked, 504, "upstream_timeout");
    await left(upstream.last);
  }
});

Deno.test("silence within a whole answer is 504 upstream_timeout, within an error body too", async () => {
  await using upstream = new MockUpstream();
  const clock = new FakeClock();
  await using gate = await startGate(upstream, { env: { LLM_REQUEST_TIMEOUT: "5" }, clock });
  for (const status of [200, 500]) {
    const before = upstream.calls.length;
    const feed = new Feed("application/json");
    upstream.answer = () => {
      feed.send("{");
      return new Response(feed.response.body, {
        status,
        headers: { "content-type": "application/json", "content-length": "5" },
      });
    };
    const asked = gate.chat("{}");
    await upstream.called(before + 1);
    for (let i = 0; i < 14; i++) await clock.advance(500);
    await expectError(await asked, 504, "upstream_timeout");
    await feed.left;
  }
});

Deno.test("LLM_TOTAL_TIMEOUT ends a call that waits for its answer", async () => {
  await using upstream = new MockUpstream();
  const clock = new FakeClock();
  await using gate = await startGate(upstream, { env: { LLM_TOTAL_TIMEOUT: "30" }, clock });
  upstream.answer = silence;
  const asked = gate.chat("{}");
  await upstream.called(1);
  await clock.advance(30_000);
  await expectError(await asked, 504, "upstream_timeout");
  await left(upstream.last);
});
