import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { ERROR_RULES } from "../errors/mod.ts";
import { COMPLETION, MockUpstream, type RawAnswer, sendRaw, startGate } from "../testing/mod.ts";

const OURS: ReadonlySet<string> = new Set(Object.keys(ERROR_RULES));

/** An answer of ours has an id, and below 500 unless the upstream could be at fault, which here it never is. */
function expectSane({ status, headers, body }: RawAnswer, request: string): void {
  assert(status >= 200 && status < 500, `${status} for ${JSON.stringify(request)}: ${body}`);
  // What is no HTTP is refused before us, without a body.
  if (status === 400 && body === "") return;
  assert(headers.has("x-request-id"), `no id on ${status} for ${JSON.stringify(request)}`);
  if (status < 400 || body === "") return;
  const code = /"code":"(\w+)"/.exec(body)?.[1] ?? "";
  assert(OURS.has(code), `${status} with ${body} for ${JSON.stringify(request)}`);
}

const token = fc.stringMatching(/^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,12}$/);
const method = fc.oneof(fc.constantFrom("GET", "POST", "HEAD", "OPTIONS", "DELETE", "PUT", "TRACE"), token);
const target = fc.oneof(
  fc.webUrl(),
  fc.webPath().map((path) => `/${path}`),
  fc.stringMatching(/^\/[!-~]{0,40}$/),
  fc.tuple(
    fc.constantFrom("/v1/models/", "/v1/chat/completions", "/health", "/metrics", "/v1/models?", "//", "/v1/models/%"),
    fc.stringMatching(/^[!-~]{0,20}$/),
  ).map((parts) => parts.join("")),
);
const value = fc.stringMatching(/^[ -~\xa0-\xff]{0,30}$/);
const name = fc.oneof(
  token,
  fc.constantFrom(
    "host",
    "origin",
    "authorization",
    "x-api-key",
    "x-request-id",
    "content-type",
    "forwarded",
    "accept",
  ),
  fc.constantFrom("cookie", "openai-beta", "idempotency-key", "traceparent", "user-agent", "via", "expect", "range"),
);

Deno.test("no head of a request brings a 5xx or a crash", async () => {
  await using upstream = new MockUpstream();
  await using gate = await startGate(upstream, { env: { CORS_ORIGINS: "https://app.example" } });
  const headers = fc.array(
    fc.tuple(name, value).filter(([name]) => !/^(connection|content-length|upgrade|te)$/i.test(name)),
    {
      maxLength: 6,
    },
  );
  await fc.assert(
    fc.asyncProperty(method, target, headers, fc.boolean(), async (method, target, headers, own) => {
      const lines = headers.map(([name, value]) => `${name}: ${value}\r\n`).join("");
      const host = own ? `host: ${gate.app.url.host}\r\n` : "";
      const request = `${method} ${target} HTTP/1.1\r\n${host}${lines}connection: close\r\n\r\n`;
      const answer = await sendRaw(gate.app.url, request);
      // A request that waits for more is closed without an answer.
      if (!Number.isNaN(answer.status)) expectSane(answer, request);
    }),
    { numRuns: 300 },
  );
  assertEquals((await gate.fetch("/health/live").then((answer) => answer.json())).status, "ok");
});

const members = fc.dictionary(
  fc.oneof(fc.constantFrom("model", "stream", "stream_options", "messages", "n", "__proto__"), fc.string()),
  fc.oneof(fc.jsonValue({ maxDepth: 3 }), fc.constantFrom("m1", "default", true, null, { include_usage: true })),
  { maxKeys: 6 },
);
const bytesOf = (text: string) => new TextEncoder().encode(text);
const body = fc.oneof(
  fc.uint8Array({ maxLength: 60 }),
  fc.string({ unit: "binary" }).map(bytesOf),
  fc.jsonValue().map((value) => bytesOf(JSON.stringify(value))),
  members.map((object) => bytesOf(JSON.stringify(object))),
  fc.tuple(members, fc.nat(), fc.nat(255)).map(([object, at, byte]) => {
    const bytes = bytesOf(JSON.stringify(object));
    bytes[at % bytes.length] = byte;
    return bytes;
  }),
  fc.tuple(members, fc.nat()).map(([object, at]) => {
    const bytes = bytesOf(JSON.stringify(object));
    return bytes.subarray(0, at % bytes.length);
  }),
);

Deno.test("no body brings a 5xx or a crash, and what passes is JSON that the upstream reads as we did", async () => {
  await using upstream = new MockUpstream();
  await using gate = await startGate(upstream);
  await fc.assert(
    fc.asyncProperty(body, async (bytes) => {
      const before = upstream.calls.length;
      const answer = await gate.chat(new Uint8Array(bytes));
      const text = await answer.text();
      if (answer.status === 200) {
        assertEquals([text, upstream.calls.length], [COMPLETION, before + 1]);
        const sent = JSON.parse(upstream.last.text);
        const asked = JSON.parse(new TextDecoder().decode(bytes));
        assertEquals(sent.model, "m1");
        const { model: _, stream_options: options, ...rest } = sent;
        const { model: __, stream_options: askedOptions, ...askedRest } = asked;
        assertEquals(rest, askedRest);
        if (asked.stream !== true) assertEquals(options, askedOptions);
      } else {
        assert([400, 404, 422].includes(answer.status), `${answer.status}: ${text}`);
        assertEquals(upstream.calls.length, before);
        assert(OURS.has(JSON.parse(text).error.code));
      }
    }),
    { numRuns: 500 },
  );
});
