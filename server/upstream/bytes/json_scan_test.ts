import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import fc from "fast-check";
import { MAX_DEPTH, scanObject } from "./json_scan.ts";

const utf8 = (text: string) => new TextEncoder().encode(text);

function reasonOf(input: string | Uint8Array): string {
  const scan = scanObject(typeof input === "string" ? utf8(input) : input);
  return scan.ok ? "none" : scan.reason;
}

function valuesOf(text: string): Record<string, unknown> {
  const bytes = utf8(text);
  const scan = scanObject(bytes);
  assert(scan.ok);
  const entries = [...scan.members].map(([key, { start, end }]) => {
    return [key, JSON.parse(new TextDecoder().decode(bytes.subarray(start, end)))] as const;
  });
  return Object.fromEntries(entries);
}

function isObjectText(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value);
  } catch {
    return false;
  }
}

Deno.test("scanObject() finds the span of every top-level value", () => {
  const text = ' {"a" : 1.50e+2 ,"b":[{"a":[]},{}], "c":"x\\"}{", "d":null,"":{ } }\r\n';
  assertEquals(valuesOf(text), { a: 150, b: [{ a: [] }, {}], c: 'x"}{', d: null, "": {} });
});

Deno.test("scanObject() refuses a second key however it is spelled", () => {
  assertStringIncludes(reasonOf('{"model":"a","model":"b"}'), '"model" stands there twice');
  assertStringIncludes(reasonOf('{"model":"a","\\u006dodel":"b"}'), '"model" stands there twice');
  assertStringIncludes(reasonOf('{"\\/":1,"/":2}'), "twice");
});

Deno.test("scanObject() leaves repeated keys below the top alone", () => {
  assert(scanObject(utf8('{"a":{"x":1,"x":2},"b":{"x":3}}')).ok);
});

Deno.test("scanObject() takes a byte order mark within a key as part of it", () => {
  assertEquals(valuesOf('{"\ufeffmodel":1,"model":2}'), { "\ufeffmodel": 1, model: 2 });
});

Deno.test("scanObject() refuses a key that is not UTF-8, overlong forms included", () => {
  const bytes = utf8('{"xxodel":1}');
  bytes.set([0xc1, 0xad], 2);
  assertStringIncludes(reasonOf(bytes), "not valid UTF-8");
});

Deno.test("scanObject() refuses a leading byte order mark", () => {
  assertStringIncludes(reasonOf("\ufeff{}"), "byte order mark");
});

Deno.test("scanObject() refuses what is no object", () => {
  for (const text of ["", "  ", "[]", '"a"', "1", "null"]) assertEquals(reasonOf(text), "it is not a JSON object");
});

Deno.test("scanObject() refuses broken JSON", () => {
  const broken = ["{", "{}}", "{} x", '{"a"}', '{"a":}', '{"a":1,}', '{,"a":1}', '{"a":[1,]}', '{"a":[}]', '{"a":{]}'];
  const scalars = [
    "01",
    "+1",
    ".5",
    "1.",
    "1e",
    "-",
    "tru",
    "True",
    "nullx",
    "NaN",
    "'a'",
    '"\\x"',
    '"\\u12g4"',
    '"\t"',
  ];
  const strings = ['"', '"\\', '"\\u00', '"a\n"', "\ufeff1"];
  for (const text of [...broken, ...[...scalars, ...strings].map((value) => `{"a":${value}}`)]) {
    assert(reasonOf(text) !== "none", text);
  }
});

Deno.test("scanObject() goes as deep as its limit and no deeper", () => {
  const nested = (depth: number) => `{"a":${"[".repeat(depth - 1)}${"]".repeat(depth - 1)}}`;
  assertEquals(reasonOf(nested(MAX_DEPTH)), "none");
  assertStringIncludes(reasonOf(nested(MAX_DEPTH + 1)), `deeper than ${MAX_DEPTH}`);
  assertStringIncludes(reasonOf("[".repeat(10)), "not a JSON object");
  assertStringIncludes(reasonOf('{"a":'.repeat(1_000_000)), `deeper than ${MAX_DEPTH}`);
});

// No backslash: after the key "\\\\", V8 14.9 takes any escaped key in its place for it, so JSON.parse() is no judge.
const unit = fc.constantFrom("a", "b", '"', "/", "\n", "\u0001", "é", "\u{1f600}", "{", "}", ":", ",");

Deno.test("scanObject() reads what JSON.parse() reads", () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string({ unit }), fc.jsonValue({ stringUnit: unit })), fc.nat(4), (object, indent) => {
      const text = JSON.stringify(object, null, indent);
      assertEquals(valuesOf(text), JSON.parse(text));
    }),
  );
});

Deno.test("scanObject() agrees with JSON.parse() on which texts are valid", () => {
  const pieces = '{ } [ ] , : " \\ \\u0061 0 1 -1 1.5e3 01 . e true false null nul "a" "b" "c":1 \n \t \u0001 é'.split(
    " ",
  );
  const soup = fc.array(fc.constantFrom(...pieces), { maxLength: 12 }).map((parts) => parts.join(""));
  const damaged = fc.tuple(fc.dictionary(fc.string(), fc.jsonValue()), fc.nat(), fc.nat(3), fc.constantFrom(...pieces))
    .map(([object, at, cut, piece]) => {
      const text = JSON.stringify(object);
      return text.slice(0, at % text.length) + piece + text.slice(at % text.length + cut);
    });
  const candidates = fc.oneof(soup, soup.map((text) => `{"x":${text}}`), soup.map((text) => `{${text}}`), damaged);
  fc.assert(
    fc.property(candidates, (text) => {
      const reason = reasonOf(text);
      if (/twice/.test(reason)) return;
      assertEquals(reason === "none", isObjectText(text), text);
    }),
    { numRuns: 3000 },
  );
});

Deno.test("scanObject() takes any bytes without throwing", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
    scanObject(bytes);
    scanObject(Uint8Array.of(0x7b, 0x22, ...bytes));
  }));
});
