import { assertEquals } from "@std/assert";
import { API_KEY, COMPLETION, json, MockUpstream, startGate } from "../../testing/mod.ts";

Deno.test("POST /v1/chat/completions hands the body up byte for byte", async () => {
  await using upstream = new MockUpstream();
  await using gate = await startGate(upstream, { env: API_KEY });
  const bodies: Record<string, string> = {
    "64-bit seed": '{"model":"m1","seed":9223372036854775807,"messages":[]}',
    "numbers that parsing would change": '{"model":"m1","a":1e400,"b":1.0,"c":-0,"d":1E+2,"e":0.10000000000000000001}',
    "order of integer-like keys": '{"10":1,"2":2,"model":"m1","1":3}',
    "white space": ' \r\n\t{ "model" :\t"m1" ,\n "messages" : [ ] } \n',
    "unicode and escapes": '{"model":"m1","messages":[{"role":"user","content":"\\u00e9é😀\\ud83d\\ude00\\/\\u0000"}]}',
    "lone surrogate escapes": '{"model":"m1","user":"\\ud800"}',
    "repeated nested keys": '{"model":"m1","metadata":{"a":1,"a":2}}',
    "a nested model": '{"model":"m1","tools":[{"model":"default"}],"x":{"model":null,"stream":true}}',
    "images": `{"model":"m1","messages":[{"content":[{"type":"image_url","image_url":{"url":"data:image/png;base64,${
      "iVBORw0KGgo".repeat(5000)
    }"}}]}]}`,
    "unknown fields": '{"model":"m1","__proto__":{"x":1},"constructor":1,"vendor":{"deep":[[[1]]]}}',
    "escaped model key": '{"\\u006dodel":"m1"}',
    "not a stream": '{"model":"m1","stream":false,"stream_options":null}',
  };
  for (const [name, body] of Object.entries(bodies)) {
    const answer = await gate.chat(body);
    assertEquals([name, answer.status, await answer.text()], [name, 200, COMPLETION]);
    assertEquals(upstream.last.text, body);
    assertEquals(upstream.last.headers.get("content-length"), String(new TextEncoder().encode(body).length));
  }
});

Deno.test("POST /v1/chat/completions hands invalid UTF-8 inside a string up as it is", async () => {
  await using upstream = new MockUpstream();
  await using gate = await startGate(upstream);
  const text = new TextEncoder().encode('{"model":"m1","user":"?"}');
  text[text.indexOf(0x3f)] = 0xff;
  const answer = await gate.chat(text);
  await answer.body?.cancel();
  assertEquals(upstream.last.body, text);
});

Deno.test("POST /v1/chat/completions names LLM_MODEL_NAME where the model is missing, null or default", async () => {
  await using upstream = new MockUpstream();
  await using gate = await startGate(upstream, { env: { LLM_MODEL_NAME: 'org/m "1"' } });
  const name = '"org/m \\"1\\""';
  const cases = [
    ['{"seed":1e400}', `{"model":${name},"seed":1e400}`],
    ["{}", `{"model":${name}}`],
    ['{ "model" : null , "n":1.0}', `{ "model" : ${name} , "n":1.0}`],
    ['{"n":1,"model":"default"}', `{"n":1,"model":${name}}`],
    ['{"model":"\\u0064efault"}', `{"model":${name}}`],
  ] as const;
  for (const [body, expected] of cases) {
    const answer = await gate.chat(body);
    await answer.body?.cancel();
    assertEquals(upstream.last.text, expected);
  }
});

Deno.test("POST /v1/chat/completions asks the upstream for usage and keeps all else", async () => {
  await using upstream = new MockUpstream();
  await using gate = await startGate(upstream);
  const cases = [
    ['{"stream":true,"model":"m1"}', '{"stream_options":{"include_usage":true},"stream":true,"model":"m1"}'],
    [
      '{"model":"m1","stream":true,"stream_options":{"include_obfuscation":false}}',
      '{"model":"m1","stream":true,"stream_options":{"include_usage":true,"include_obfuscation":false}}',
    ],
    [
      '{"model":"m1","stream":true,"stream_options":{"include_usage":true}}',
      '{"model":"m1","stream":true,"stream_options":{"include_usage":true}}',
    ],
  ] as const;
  for (const [body, expected] of cases) {
    const answer = await gate.chat(body);
    await answer.body?.cancel();
    assertEquals(upstream.last.text, expected);
  }
});

Deno.test("POST /v1/chat/completions hands the answer down byte for byte", async () => {
  await using upstream = new MockUpstream();
  await using gate = await startGate(upstream);
  for (const body of ['{ "a":1e400, "10":1.0,"2":9007199254740993 }\n', "", "not json", '"\\u00e9é"']) {
    upstream.answer = () => json(body, { headers: { "content-type": "application/json; charset=utf-8" } });
    const answer = await gate.chat("{}");
    assertEquals([answer.status, await answer.text()], [200, body]);
    assertEquals(answer.headers.get("content-type"), "application/json; charset=utf-8");
  }
});

Deno.test("POST /v1/chat/completions hands big answers down intact, of a known length or not", async () => {
  await using upstream = new MockUpstream();
  await using gate = await startGate(upstream);
  for (const megabytes of [2, 10]) {
    const body = JSON.stringify({ content: "0123456789abcdef".repeat(megabytes * 65536), usage: { prompt_tokens: 1 } });
    upstream.answer = () => json(body);
    assertEquals(await (await gate.chat("{}")).text() === body, true);
    upstream.answer = () =>
      new Response(new Blob([body]).stream(), { headers: { "content-type": "application/json" } });
    assertEquals(await (await gate.chat("{}")).text() === body, true);
  }
});
