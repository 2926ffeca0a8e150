import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { type ChatRequest, readChatRequest } from "./chat_request.ts";

function read(text: string): ChatRequest {
  const request = readChatRequest(new TextEncoder().encode(text));
  assert(request.ok);
  return request;
}

function upstream(text: string, model: string | null, askUsage: boolean): string {
  return new TextDecoder().decode(read(text).toUpstream(model, askUsage).bytes);
}

Deno.test("readChatRequest() tells named, default and invalid models apart", () => {
  assertEquals(read('{"model":"a\\u0062"}').model, { kind: "named", name: "ab" });
  for (const text of ["{}", '{"model":null}', '{"model":"default"}']) {
    assertEquals(read(text).model, { kind: "default" });
  }
  for (const text of ['{"model":1}', '{"model":["a"]}']) assertEquals(read(text).model, { kind: "invalid" });
});

Deno.test("readChatRequest() sees a stream only where it is asked for", () => {
  assertEquals(read('{"stream":true}').stream, true);
  for (const value of ["false", "null", '"true"', "1"]) assertEquals(read(`{"stream":${value}}`).stream, false);
});

Deno.test("toUpstream() changes nothing that need not be changed", () => {
  const text = '{ "seed": 9007199254740993, "model":"m", "stream":false }';
  assertEquals(upstream(text, null, true), text);
  const asked = '{"stream":true,"stream_options":{"include_usage":true}}';
  assertEquals(upstream(asked, null, true), asked);
  assertEquals(read(asked).asksUsage, true);
});

Deno.test("toUpstream() names the model, quoted as JSON", () => {
  assertEquals(upstream('{"model":"default"}', 'a"b', false), '{"model":"a\\"b"}');
  assertEquals(upstream("{}", "m", false), '{"model":"m"}');
});

Deno.test("toUpstream() asks for usage and keeps the other stream options", () => {
  const cases = [
    ['{"stream":true}', '{"stream_options":{"include_usage":true},"stream":true}'],
    ['{"stream":true,"stream_options":null}', '{"stream":true,"stream_options":{"include_usage":true}}'],
    ['{"stream":true,"stream_options":{}}', '{"stream":true,"stream_options":{"include_usage":true}}'],
    ['{"stream_options":{"x": 1.0},"stream":true}', '{"stream_options":{"include_usage":true,"x": 1.0},"stream":true}'],
    [
      '{"stream":true,"stream_options":{ "include_usage" : false }}',
      '{"stream":true,"stream_options":{ "include_usage" : true }}',
    ],
  ] as const;
  for (const [text, expected] of cases) {
    assertEquals(upstream(text, null, true), expected);
    assertEquals(read(text).asksUsage, false);
    assertEquals(read(text).toUpstream(null, true).addedUsage, true);
    assertEquals(read(text).toUpstream(null, false).addedUsage, false);
    assertEquals(upstream(text, null, false), text);
  }
});

Deno.test("toUpstream() leaves stream options of a wrong type to the upstream", () => {
  const text = '{"stream":true,"stream_options":"yes"}';
  assertEquals(upstream(text, null, true), text);
});

Deno.test("readChatRequest() refuses repeated keys, in the stream options too", () => {
  const text = '{"stream":true,"stream_options":{"include_usage":true,"include_usage":false}}';
  const request = readChatRequest(new TextEncoder().encode(text));
  assert(!request.ok);
  assertStringIncludes(request.reason, "in its stream_options");
  assert(!readChatRequest(new TextEncoder().encode('{"model":"a","model":"b"}')).ok);
});

Deno.test("disguise() finds what a lenient upstream would read in place of what the gate goes by", () => {
  const found = (text: string) => {
    const request = readChatRequest(new TextEncoder().encode(text));
    return request.ok ? request.disguise() : "no request";
  };
  assertEquals(found('{"model":"a","messages":[],"max_tokens":1,"Temperature":1}'), null);
  assertEquals(found('{"model":"a","Model":"b"}'), "Model");
  assertEquals(found('{"model":"a","\\u004dODEL":"b"}'), "MODEL");
  assertEquals(found('{"model":"a","Max_Tokens":9}'), "Max_Tokens");
  assertEquals(found('{"model":"a","Tools":[]}'), "Tools");
  assertEquals(found('{"model":"a","models":["b"]}'), "models");
  assertEquals(found('{"model":"a","max_tokenſ":9}'), "max_tokenſ");
});
