import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import type { ErrorCode } from "../errors/mod.ts";
import { expectError, head, MockUpstream, readAll, sendRaw, startGate, writeAll } from "../testing/mod.ts";

Deno.test("an unknown path is 404 for every method", async () => {
  await using upstream = new MockUpstream();
  await using gate = await startGate(upstream);
  for (
    const path of ["/", "/v1", "/v1/", "/v1/models/", "/v1/chat/completions/", "/V1/models", "/health/", "//v1/models"]
  ) {
    for (const method of ["GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"]) {
      const answer = await fetch(gate.origin + path, { method });
      assertStringIncludes(await expectError(answer, 404, "not_found"), method);
    }
  }
  assertEquals(upstream.calls.length, 0);
});

Deno.test("a known path with another method is 405 and says what it takes", async () => {
  await using upstream = new MockUpstream();
  await using gate = await startGate(upstream);
  const cases = [
    ["/v1/chat/completions", "GET", "POST"],
    ["/v1/chat/completions", "PUT", "POST"],
    ["/v1/models", "POST", "GET, HEAD"],
    ["/v1/models/a/b", "DELETE", "GET, HEAD"],
    ["/health", "POST", "GET, HEAD"],
    ["/health/live", "POST", "GET, HEAD"],
    ["/health/ready", "PATCH", "GET, HEAD"],
    ["/metrics", "POST", "GET, HEAD"],
    ["/v1/models", "OPTIONS", "GET, HEAD"],
  ] as const;
  for (const [path, method, allow] of cases) {
    const answer = await gate.fetch(path, { method });
    assertEquals(answer.headers.get("allow"), allow, `${method} ${path}`);
    await expectError(answer, 405, "method_not_allowed");
  }
  const answer = await gate.fetch("/v1/chat/completions", { method: "HEAD" });
  assertEquals([answer.status, answer.headers.get("allow"), await answer.text()], [405, "POST", ""]);
});

Deno.test("HEAD answers as GET does, without the body", async () => {
  await using upstream = new MockUpstream();
  await using gate = await startGate(upstream);
  for (const path of ["/v1/models", "/v1/models/m1", "/health", "/health/live", "/health/ready", "/metrics"]) {
    const get = await gate.fetch(path);
    await get.body?.cancel();
    const answer = await gate.fetch(path, { method: "HEAD" });
    assertEquals([answer.status, await answer.text()], [200, ""], path);
    assertEquals(answer.headers.get("content-type"), get.headers.get("content-type"));
    assert(answer.headers.has("x-request-id"));
  }
  const answer = await gate.fetch("/nothing", { method: "HEAD" });
  assertEquals([answer.status, await answer.text()], [404, ""]);
});

Deno.test("a body that is not one JSON object is 400 invalid_json", async () => {
  await using upstream = new MockUpstream();
  await using gate = await startGate(upstream);
  const bodies: Record<string, string | Uint8Array<ArrayBuffer>> = {
    "empty": "",
    "blank": " \n",
    "array": "[]",
    "string": '"{}"',
    "null": "null",
    "number": "1",
    "cut": '{"model":"m1"',
    "two objects": "{}{}",
    "trailing comma": '{"model":"m1",}',
    "comment": '{/**/"model":"m1"}',
    "single quotes": "{'model':'m1'}",
    "unquoted key": '{model:"m1"}',
    "NaN": '{"temperature":NaN}',
    "leading zero": '{"n":01}',
    "bare dot": '{"n":1.}',
    "control character in a string": '{"model":"a\nb"}',
    "bad escape": '{"model":"\\x"}',
    "repeated key": '{"model":"m1","model":"m2"}',
    "repeated key by an escape": '{"model":"m1","\\u006dodel":"m2"}',
    "repeated unknown key": '{"a":1,"a":1}',
    "repeated key in stream_options": '{"stream":true,"stream_options":{"include_usage":true,"include_usage":false}}',
    "byte order mark": "\ufeff{}",
    "UTF-16": new Uint8Array([0xff, 0xfe, 0x7b, 0, 0x7d, 0]),
    "NUL at the end": "{}\0",
    "nested too deeply": `{"a":${"[".repeat(600)}${"]".repeat(600)}}`,
    "opened 100000 times": '{"a":'.repeat(100_000),
    "form": "model=m1",
  };
  for (const [name, body] of Object.entries(bodies)) {
    const answer = await gate.chat(body);
    assertEquals([name, answer.status], [name, 400]);
    await expectError(answer, 400, "invalid_json");
  }
  assertEquals(upstream.calls.length, 0);
});

Deno.test("a model that is no string is 422 and names the field", async () => {
  await using upstream = new MockUpstream();
  await using gate = await startGate(upstream);
  for (const model of ["1", "true", "[]", '["m1"]', "{}", "1e400"]) {
    await expectError(await gate.chat(`{"model":${model}}`), 422, "invalid_field", "model");
  }
  assertEquals(upstream.calls.length, 0);
});

Deno.test("no model and no LLM_MODEL_NAME is 400 model_required", async () => {
  await using upstream = new MockUpstream();
  await using gate = await startGate(upstream, { env: { LLM_MODEL_NAME: "" } });
  for (const body of ["{}", '{"model":null}', '{"model":"default"}']) {
    await expectError(await gate.chat(body), 400, "model_required", "model");
  }
});

Deno.test("a content type other than JSON is 415; none, or a JSON one, passes", async () => {
  await using upstream = new MockUpstream();
  await using gate = await startGate(upstream);
  const types = [
    "text/plain",
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=x",
    "application/jsonx",
  ];
  for (const type of [...types, "text/json", "application/octet-stream", "*/*"]) {
    await expectError(await gate.chat("{}", { headers: { "content-type": type } }), 415, "unsupported_media_type");
  }
  for (const type of ["application/json", "APPLICATION/JSON;charset=UTF-8", "application/vnd.x+json ; a=b"]) {
    const answer = await gate.chat("{}", { headers: { "content-type": type } });
    await answer.body?.cancel();
    assertEquals(answer.status, 200, type);
  }
  const request = head("POST /v1/chat/completions HTTP/1.1", [`host: ${gate.app.url.host}`, "content-length: 2"]) +
    "{}";
  assertEquals((await sendRaw(gate.app.url, request)).status, 200);
});

Deno.test("a body over MAX_BODY_BYTES is 413: declared, without being sent", async () => {
  await using upstream = new MockUpstream();
  await using gate = await startGate(upstream, { env: { MAX_BODY_BYTES: "1000" } });
  const lines = [`host: ${gate.app.url.host}`, "content-type: application/json", "content-length: 1001"];
  const answer = await sendRaw(gate.app.url, head("POST /v1/chat/completions HTTP/1.1", lines));
  assertEquals([answer.status, codeOf(answer.body)], [413, "body_too_large"]);
});

Deno.test("a body over MAX_BODY_BYTES is 413: in chunks, while it is being read", async () => {
  await using upstream = new MockUpstream();
  await using gate = await startGate(upstream, { env: { MAX_BODY_BYTES: "1000" } });
  using connection = await Deno.connect({ hostname: "127.0.0.1", port: Number(gate.app.url.port) });
  const lines = [`host: ${gate.app.url.host}`, "content-type: application/json", "transfer-encoding: chunked"];
  const piece = `100\r\n${" ".repeat(256)}\r\n`;
  await writeAll(
    connection,
    new TextEncoder().encode(head("POST /v1/chat/completions HTTP/1.1", lines) + piece.repeat(4)),
  );
  // The last chunk never comes.
  const text = await readAll(connection);
  assertStringIncludes(text, "HTTP/1.1 413");
  assertStringIncludes(text, '"code":"body_too_large"');
});

Deno.test("a body over MAX_BODY_BYTES is 413: in chunks that a small content-length hides", async () => {
  await using upstream = new MockUpstream();
  await using gate = await startGate(upstream, { env: { MAX_BODY_BYTES: "1000" } });
  const lines = [`host: ${gate.app.url.host}`, "content-length: 2", "transfer-encoding: chunked"];
  const body = `{}${" ".repeat(2000)}`;
  const request = `${head("POST /v1/chat/completions HTTP/1.1", lines)}${
    body.length.toString(16)
  }\r\n${body}\r\n0\r\n\r\n`;
  const answer = await sendRaw(gate.app.url, request);
  assert(answer.status === 413 || answer.status === 400, String(answer.status));
  assertEquals(upstream.calls.length, 0);
});

Deno.test("a body of exactly MAX_BODY_BYTES passes, one more does not", async () => {
  await using upstream = new MockUpstream();
  await using gate = await startGate(upstream, { env: { MAX_BODY_BYTES: "1000" } });
  const body = (length: number) => `{"model":"m1","user":"${"x".repeat(length - 24)}"}`;
  const stream = (text: string) => new Blob([text]).stream();
  for (const make of [(text: string) => text, stream]) {
    const answer = await gate.chat(make(body(1000)));
    await answer.body?.cancel();
    assertEquals([answer.status, upstream.last.text], [200, body(1000)]);
    await expectError(await gate.chat(make(body(1001))), 413, "body_too_large");
  }
});

Deno.test("a client that sends a body far over the limit reads the 413", async () => {
  await using upstream = new MockUpstream();
  await using gate = await startGate(upstream, { env: { MAX_BODY_BYTES: "1000" } });
  await expectError(await gate.chat("x".repeat(4_000_000)), 413, "body_too_large");
});

Deno.test("targets that are no paths are answered, never with a 5xx", async () => {
  await using upstream = new MockUpstream();
  await using gate = await startGate(upstream);
  const host = gate.app.url.host;
  const cases: readonly (readonly [line: string, status: number, code: ErrorCode | null])[] = [
    ["GET /v1/%6dodels HTTP/1.1", 200, null],
    ["GET /v1/models/%ff HTTP/1.1", 404, "model_not_found"],
    ["GET /v1/models/%00 HTTP/1.1", 404, "model_not_found"],
    ["GET /v1/models?x=%ff#frag HTTP/1.1", 200, null],
    ["GET /../../etc/passwd HTTP/1.1", 404, "not_found"],
    [`GET /${"a".repeat(8000)} HTTP/1.1`, 404, "not_found"],
    ["OPTIONS * HTTP/1.1", 404, "not_found"],
    ["BREW /v1/models HTTP/1.1", 405, "method_not_allowed"],
    ["constructor /v1/models HTTP/1.1", 405, "method_not_allowed"],
    ["__proto__ /v1/models HTTP/1.1", 405, "method_not_allowed"],
    ["toString /health HTTP/1.1", 405, "method_not_allowed"],
    ["get /v1/models HTTP/1.1", 405, "method_not_allowed"],
  ];
  for (const [line, status, code] of cases) {
    const answer = await sendRaw(gate.app.url, head(line, [`host: ${host}`]));
    assertEquals([line, answer.status], [line, status]);
    assert(answer.headers.has("x-request-id"), line);
    if (code !== null) assertEquals(codeOf(answer.body), code);
  }
});

function codeOf(body: string): unknown {
  return JSON.parse(body.slice(body.indexOf("{"), body.lastIndexOf("}") + 1)).error.code;
}
