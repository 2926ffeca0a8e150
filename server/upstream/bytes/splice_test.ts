import { assert, assertEquals, assertStrictEquals } from "@std/assert";
import fc from "fast-check";
import { scanObject } from "./json_scan.ts";
import { spliceMembers } from "./splice.ts";

const utf8 = (text: string) => new TextEncoder().encode(text);

function splice(text: string, edits: Record<string, string>): string {
  const bytes = utf8(text);
  const scan = scanObject(bytes);
  assert(scan.ok);
  return new TextDecoder().decode(spliceMembers(bytes, scan, new Map(Object.entries(edits))));
}

Deno.test("spliceMembers() touches nothing but the named values", () => {
  const text = '{ "seed":9007199254740993123,\n "model" : "a" , "10":1.0,"2":1e400,"n":{"model":"b","model":"c"} }';
  assertEquals(splice(text, { model: '"x"' }), text.replace('"a"', '"x"'));
});

Deno.test("spliceMembers() puts new members first", () => {
  assertEquals(splice('{"a":1}', { b: "2", c: "3" }), '{"b":2,"c":3,"a":1}');
  assertEquals(splice('{"a":1}', { b: "2", a: "3", c: "4" }), '{"b":2,"c":4,"a":3}');
  assertEquals(splice(" { } ", { b: "2", c: "3" }), ' {"b":2,"c":3 } ');
});

Deno.test("spliceMembers() finds a key spelled with escapes", () => {
  assertEquals(splice('{"\\u006dodel":"a"}', { model: '"x"' }), '{"\\u006dodel":"x"}');
});

Deno.test("spliceMembers() takes values as bytes and leaves the original alone", () => {
  const bytes = utf8('{"a":1}');
  const scan = scanObject(bytes);
  assert(scan.ok);
  assertEquals(spliceMembers(bytes, scan, new Map([["a", utf8("[2]")]])), utf8('{"a":[2]}'));
  assertEquals(bytes, utf8('{"a":1}'));
  assertStrictEquals(spliceMembers(bytes, scan, new Map()), bytes);
});

// No backslash: after the key "\\\\", V8 14.9 takes any escaped key in its place for it, so JSON.parse() is no judge.
const unit = fc.constantFrom("a", "b", '"', "/", "\n", "\u0001", "é", "\u{1f600}", "{", "}", ":", ",");

Deno.test("spliceMembers() makes what setting the members makes, and keeps all other bytes", () => {
  const key = fc.oneof(fc.constantFrom("a", "b", "model"), fc.string({ unit, maxLength: 3 }));
  fc.assert(fc.property(
    fc.dictionary(key, fc.jsonValue({ maxDepth: 2, stringUnit: unit })),
    fc.dictionary(key, fc.jsonValue({ maxDepth: 2, stringUnit: unit }), { maxKeys: 4 }),
    fc.nat(3),
    (object, edits, indent) => {
      const text = JSON.stringify(object, null, indent);
      const encoded = Object.entries(edits).map(([name, value]) => [name, JSON.stringify(value)] as const);
      const bytes = utf8(text);
      const scan = scanObject(bytes);
      assert(scan.ok);
      const result = spliceMembers(bytes, scan, new Map(encoded));
      const expected = Object.fromEntries([...Object.entries(object), ...Object.entries(edits)]);
      assertEquals(JSON.parse(new TextDecoder().decode(result)), JSON.parse(JSON.stringify(expected)));

      const after = scanObject(result);
      assert(after.ok);
      const back = [...scan.members].filter(([name]) => Object.hasOwn(edits, name));
      const restored = spliceMembers(
        result,
        after,
        new Map(back.map(([name, span]) => [name, bytes.subarray(span.start, span.end)])),
      );
      const added = encoded.filter(([name]) => !scan.members.has(name));
      const inserted = added.map(([name, value]) => `${JSON.stringify(name)}:${value}`).join(",");
      const comma = inserted !== "" && scan.members.size > 0 ? "," : "";
      assertEquals(new TextDecoder().decode(restored), text.replace("{", () => `{${inserted}${comma}`));
    },
  ));
});
