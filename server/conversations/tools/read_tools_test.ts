import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { GatehouseError } from "../../errors/mod.ts";
import { readTools } from "./read_tools.ts";
import { toolCallUpstream, toolsUpstream } from "./tools_upstream.ts";

const SCHEMA = {
  $schema: "https://json-schema.org/draft/2020-12/schema",
  type: "object",
  description: "d",
  properties: {
    type: { type: ["string", "null"], enum: ["a", 1, null], default: { any: [] } },
    required: { type: "array", items: { $ref: "#/$defs/x" }, prefixItems: [true], minItems: 0, uniqueItems: true },
    n: { anyOf: [{ type: "integer", minimum: 0, exclusiveMaximum: 5.5 }, { not: { const: 3 } }] },
    old: { items: [{ type: "string" }], exclusiveMinimum: true },
  },
  $defs: { x: { type: "string", pattern: "^a(?P<x>b)$", maxLength: 9 } },
  required: ["type"],
  additionalProperties: false,
  "x-own": { type: 5 },
};

/** What is wrong with one tool. */
function fault(tools: unknown, message = ""): string | null {
  const error = assertThrows(() => readTools(tools, "tools"), GatehouseError, message);
  assertEquals([error.code, error.message.startsWith("Cannot take these tools: ")], ["invalid_field", true]);
  return error.param;
}

Deno.test("readTools() takes both forms, mixed, and toolsUpstream() gives OpenAI's", () => {
  const tools = readTools([
    { name: "a", description: "does a", parameters: SCHEMA },
    { type: "function", function: { name: "b-_9", description: "", parameters: {}, strict: true } },
    { name: "c", description: null, parameters: null },
  ], "tools");
  assertEquals(tools, [
    { name: "a", description: "does a", parameters: SCHEMA },
    { name: "b-_9", description: "", parameters: {}, strict: true },
    { name: "c" },
  ]);
  const upstream = toolsUpstream(tools);
  assertEquals(upstream[0], { type: "function", function: { name: "a", description: "does a", parameters: SCHEMA } });
  assertEquals(readTools(JSON.parse(JSON.stringify(upstream)), "tools"), tools);
  assertEquals(readTools([], "tools"), []);
});

Deno.test("readTools() names what is wrong by its path", () => {
  const bare = (fields: object) => [{ name: "a", ...fields }];
  const wrapped = (fields: object) => [{ name: "a" }, { type: "function", function: { name: "b", ...fields } }];
  const cases: readonly (readonly [unknown, string])[] = [
    [null, "tools"],
    [{ name: "a" }, "tools"],
    [["a"], "tools.0"],
    [[[]], "tools.0"],
    [[{}], "tools.0.name"],
    [bare({ name: "no spaces" }), "tools.0.name"],
    [bare({ name: "x".repeat(65) }), "tools.0.name"],
    [bare({ name: "line\n" }), "tools.0.name"],
    [[{ name: "a" }, { name: "a" }], "tools.1.name"],
    [wrapped({ name: "a" }), "tools.1.function.name"],
    [wrapped({ name: 5 }), "tools.1.function.name"],
    [wrapped({ description: 5 }), "tools.1.function.description"],
    [bare({ description: "ü".repeat(4 * 1024 + 1) }), "tools.0.description"],
    [wrapped({ strict: "yes" }), "tools.1.function.strict"],
    [bare({ strict: true }), "tools.0.strict"],
    [bare({ returns: 1 }), "tools.0.returns"],
    [wrapped({ returns: 1 }), "tools.1.function.returns"],
    [[{ type: "function" }], "tools.0.function"],
    [[{ type: "web_search" }], "tools.0.type"],
    [[{ function: { name: "a" } }], "tools.0.type"],
    [[{ type: "function", function: { name: "a" }, name: "a" }], "tools.0.name"],
  ];
  for (const [tools, param] of cases) assertEquals(fault(tools), param);
});

Deno.test("readTools() holds parameters to JSON Schema as far as it knows it", () => {
  const cases: readonly (readonly [unknown, string])[] = [
    ["{}", ""],
    [[], ""],
    [true, ""],
    [{ type: "array" }, ".type"],
    [{ type: null }, ".type"],
    [{ properties: [] }, ".properties"],
    [{ properties: { x: "string" } }, ".properties.x"],
    [{ properties: { x: { type: "text" } } }, ".properties.x.type"],
    [{ properties: { x: { type: [] } } }, ".properties.x.type"],
    [{ properties: { x: { type: "array", items: { enum: "a" } } } }, ".properties.x.items.enum"],
    [{ properties: { x: { required: true } } }, ".properties.x.required"],
    [{ required: ["a", 5] }, ".required"],
    [{ anyOf: {} }, ".anyOf"],
    [{ anyOf: [true, 5] }, ".anyOf.1"],
    [{ additionalProperties: null }, ".additionalProperties"],
    [{ $defs: { a: { not: { minimum: "0" } } } }, ".$defs.a.not.minimum"],
    [{ properties: { x: { maxLength: -1 } } }, ".properties.x.maxLength"],
    [{ properties: { x: { minItems: 0.5 } } }, ".properties.x.minItems"],
    [{ description: { en: "x" } }, ".description"],
    [{ properties: { x: { uniqueItems: 1 } } }, ".properties.x.uniqueItems"],
    [{ properties: { x: { exclusiveMinimum: "0" } } }, ".properties.x.exclusiveMinimum"],
  ];
  for (const [parameters, path] of cases) {
    assertEquals(fault([{ name: "a", parameters }]), `tools.0.parameters${path}`);
  }
});

Deno.test("readTools() bounds number, size and depth, and what an error repeats", () => {
  const named = (count: number, more: object = {}) =>
    Array.from({ length: count }, (_, i) => ({ name: `t${i}`, ...more }));
  assertEquals(readTools(named(128), "tools").length, 128);
  assertEquals(fault(named(129), "more than 128"), "tools");
  assertEquals(readTools(named(31, { description: "x".repeat(8 * 1024) }), "tools").length, 31);
  assertEquals(fault(named(32, { description: "x".repeat(8 * 1024) }), "256 KiB"), "tools");
  // Not looked at any further: its schema is none, but far too long to walk.
  assertEquals(fault([{ name: "a", parameters: { type: 1, enum: ["x".repeat(300 * 1024)] } }], "256 KiB"), "tools");
  const nested = (depth: number): unknown => depth === 1 ? {} : { "x-own": [nested(depth - 2)] };
  assertEquals(readTools([{ name: "a", parameters: nested(31) }], "tools").length, 1);
  assertEquals(fault([{ name: "a", parameters: nested(33) }], "deeper than 32"), "tools.0.parameters");
  const deep: unknown = JSON.parse(`{"default":${"[".repeat(200_000)}${"]".repeat(200_000)}}`);
  assertEquals(fault([{ name: "a", parameters: deep }]), "tools");
  assert((fault([{ name: "a", parameters: { properties: { ["k".repeat(9999)]: 1 } } }])?.length ?? Infinity) <= 201);
});

Deno.test("toolCallUpstream() shows a call as the upstream wrote it, its arguments as JSON", () => {
  assertEquals(toolCallUpstream({ id: "i", name: "f", arguments: "" }), {
    id: "i",
    type: "function",
    function: { name: "f", arguments: "{}" },
  });
});

Deno.test("readTools() throws nothing but what names the field", () => {
  const key = fc.constantFrom(
    "name",
    "description",
    "parameters",
    "strict",
    "type",
    "function",
    "properties",
    "items",
    "required",
    "anyOf",
    "enum",
    "__proto__",
    "constructor",
    "toString",
  );
  const { tree } = fc.letrec((tie) => ({
    tree: fc.oneof(
      { maxDepth: 7 },
      fc.constantFrom<unknown>("a", "object", "function", "string", "", 0, -1, true, null),
      fc.jsonValue(),
      fc.array(tie("tree"), { maxLength: 3 }),
      fc.dictionary(key, tie("tree"), { maxKeys: 4 }),
    ),
  }));
  const tool = fc.oneof(
    fc.record({ name: fc.stringMatching(/^[a-z]$/), parameters: tree }),
    fc.record({ type: fc.constant("function"), function: fc.record({ name: fc.constant("z"), parameters: tree }) }),
    tree,
  );
  fc.assert(
    fc.property(fc.oneof(fc.array(tool, { maxLength: 4 }), tree), (value) => {
      try {
        const tools = readTools(value, "tools");
        assertEquals(readTools(toolsUpstream(tools), "tools"), tools);
      } catch (error) {
        assert(error instanceof GatehouseError, String(error));
        assert(error.code === "invalid_field" && (error.param === "tools" || error.param?.startsWith("tools.")));
      }
    }),
    { numRuns: 200 },
  );
});
