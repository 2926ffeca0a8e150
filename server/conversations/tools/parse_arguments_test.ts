import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { argumentsUpstream, parseArguments } from "./parse_arguments.ts";

Deno.test("parseArguments() reads an object, takes nothing for an empty one, and keeps all else as it is", () => {
  assertEquals(parseArguments('{"a":[1,{"b":null}]}'), { a: [1, { b: null }] });
  for (const text of ["", " \n"]) assertEquals(parseArguments(text), {});
  const deep = `{"a":${"[".repeat(100_000)}${"]".repeat(100_000)}}`;
  for (const text of ["[1]", "null", '"x"', "{a:1}", '{"a":1', '{"a":1,"a":2}', '{"a":1} {}', deep]) {
    assertEquals(parseArguments(text), { _raw: text });
  }
});

Deno.test("parseArguments() takes no key for a prototype", () => {
  const parsed = parseArguments('{"__proto__":{"polluted":1}}');
  assertEquals([Object.keys(parsed), "polluted" in parsed], [["__proto__"], false]);
});

Deno.test("argumentsUpstream() changes only what is no JSON object", () => {
  assertEquals(argumentsUpstream('{ "a": 1.0 }'), '{ "a": 1.0 }');
  assertEquals(argumentsUpstream(""), "{}");
  assertEquals(argumentsUpstream('{"a":'), '{"_raw":"{\\"a\\":"}');
});

Deno.test("parseArguments() reads back any object, and never throws", () => {
  const text = fc.oneof(
    fc.json(),
    fc.json().map((json) => json.slice(0, -1)),
    fc.string({ unit: "binary" }),
    fc.string({ unit: fc.constantFrom("{", "}", "[", "]", '"', ":", ",", "\\", "1", " ", "\ud800", "\ufeff") }),
  );
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue()), text, (object, other) => {
      const json = JSON.stringify(object);
      assertEquals(JSON.stringify(parseArguments(json)), json);
      const parsed = parseArguments(other);
      assert(typeof parsed === "object" && parsed !== null && !Array.isArray(parsed));
      assertEquals(JSON.parse(argumentsUpstream(other)), JSON.parse(JSON.stringify(parsed)));
    }),
    { numRuns: 150 },
  );
});
