import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import fc from "fast-check";
import { readFrame } from "./read_frame.ts";

function only(text: string) {
  const { isBatch, requests } = readFrame(text);
  assertEquals([isBatch, requests.length], [false, 1]);
  const [request] = requests;
  assert(request !== undefined);
  return request;
}

function fault(text: string): readonly [number, string, string] {
  const request = only(text);
  assert("error" in request, text);
  return [request.error.code, request.id, request.error.message];
}

Deno.test("readFrame() reads requests and notifications, and keeps ids as they stand", () => {
  const rows: [string, unknown][] = [
    ['{"jsonrpc":"2.0","id":1,"method":"m"}', { id: "1", method: "m", params: {} }],
    [' {"jsonrpc":"2.0","id":"a\\n","method":"m","params":{"x":1}}\n', {
      id: '"a\\n"',
      method: "m",
      params: { x: 1 },
    }],
    ['{"jsonrpc":"2.0","id":12345678901234567890,"method":"m","params":[1]}', {
      id: "12345678901234567890",
      method: "m",
      params: [1],
    }],
    ['{"jsonrpc":"2.0","id":1.50,"method":"m"}', { id: "1.50", method: "m", params: {} }],
    ['{"jsonrpc":"2.0","id":-1e400,"method":"m"}', { id: "-1e400", method: "m", params: {} }],
    ['{"jsonrpc":"2.0","id":null,"method":"m"}', { id: "null", method: "m", params: {} }],
    ['{"jsonrpc":"2.0","method":"m","more":true}', { id: null, method: "m", params: {} }],
  ];
  for (const [text, call] of rows) assertEquals<unknown>(only(text), call, text);
});

Deno.test("readFrame() tells what is no JSON from what is no request", () => {
  const deep = (levels: number) => `${"[".repeat(levels)}${"]".repeat(levels)}`;
  const parse = [
    "",
    " ",
    "{",
    "[",
    "[1,]",
    "{}}",
    '{"a":1}{"b":2}',
    "nul",
    "\ufeff{}",
    '1,"x":2',
    "'a'",
    "\u00a0{}",
    deep(600),
    `{"jsonrpc":"2.0","id":1,"method":"m","params":${deep(600)}}`,
    '{"jsonrpc":"2.0","id":1,"method":"m"',
  ];
  for (const text of parse) assertEquals(fault(text).slice(0, 2), [-32700, "null"], text.slice(0, 40));
  const rows: [string, string, string][] = [
    ["1", "null", "neither"],
    ['"x"', "null", "neither"],
    ["null", "null", "neither"],
    ["[]", "null", "empty"],
    [" [ ] ", "null", "empty"],
    ["{}", "null", "jsonrpc"],
    ['{"jsonrpc":"1.0","id":7,"method":"m"}', "7", "jsonrpc"],
    ['{"jsonrpc":2.0,"id":"x","method":"m"}', '"x"', "jsonrpc"],
    ['{"jsonrpc":"2.0","id":1,"method":1}', "1", "method"],
    ['{"jsonrpc":"2.0","id":1}', "1", "method"],
    ['{"jsonrpc":"2.0","id":1,"result":{}}', "1", "method"],
    ['{"jsonrpc":"2.0","id":1,"method":"m","params":"x"}', "1", "params"],
    ['{"jsonrpc":"2.0","id":1,"method":"m","params":null}', "1", "params"],
    ['{"jsonrpc":"2.0","id":{},"method":"m"}', "null", "id"],
    ['{"jsonrpc":"2.0","id":[1],"method":"m"}', "null", "id"],
    ['{"jsonrpc":"2.0","id":true,"method":"m"}', "null", "id"],
    ['{"jsonrpc":"2.0","id":1,"method":"m","id":2}', "null", "twice"],
    ['{"jsonrpc":"2.0","id":1,"method":"m","\\u0069d":2}', "null", "twice"],
    [`[${Array(101).fill("1").join()}]`, "null", "100"],
  ];
  for (const [text, id, what] of rows) {
    const [code, gotId, message] = fault(text);
    assertEquals([code, gotId], [-32600, id], text);
    assertStringIncludes(message, what, text);
  }
});

Deno.test("readFrame() reads each item of a batch like a frame of its own", () => {
  const text = ' [ 1 , {"jsonrpc":"2.0","id":"],[","method":"a,\\"]","params":{"x":[{}, [2]]}},[],' +
    '{"jsonrpc":"2.0","method":"b"}, {"jsonrpc":"2.0","id":2,"id":3,"method":"c"} ]';
  const { isBatch, requests } = readFrame(text);
  assert(isBatch);
  assertEquals(requests.map((request) => "error" in request ? [request.error.code, request.id] : request), [
    [-32600, "null"],
    { id: '"],["', method: 'a,"]', params: { x: [{}, [2]] } },
    [-32600, "null"],
    { id: null, method: "b", params: {} },
    [-32600, "null"],
  ]);
});

Deno.test("readFrame() reads back whatever JSON prints, one by one and in batches", () => {
  const value = fc.jsonValue({ maxDepth: 4 });
  const call = fc.record({
    jsonrpc: fc.constant("2.0"),
    id: fc.oneof(fc.string(), fc.integer(), fc.constant(null)),
    method: fc.string(),
    params: fc.dictionary(fc.string(), value),
  });
  fc.assert(
    fc.property(fc.array(call, { minLength: 1, maxLength: 5 }), fc.constantFrom(0, 2), (calls, space) => {
      const { isBatch, requests } = readFrame(JSON.stringify(calls, null, space));
      assert(isBatch);
      const expected = calls.map(({ id, method, params }) => ({ id: JSON.stringify(id), method, params }));
      // Minus zero has no JSON of its own.
      assertEquals(JSON.stringify(requests), JSON.stringify(expected));
    }),
    { numRuns: 150 },
  );
});
