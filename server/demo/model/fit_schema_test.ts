import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { z } from "zod";
import { fitSchema } from "./fit_schema.ts";
import { hintsOf } from "./hints.ts";

type Json = Record<string, unknown>;

const bounds = (least: string, most: string, max: number) =>
  fc.record({ a: fc.nat(max), b: fc.nat(max) }).map(({ a, b }) => ({
    [least]: Math.min(a, b),
    [most]: Math.max(a, b),
  }));
const open = (low: number, room: number) => ({ exclusiveMinimum: low, exclusiveMaximum: low + room });

const text = fc.oneof(
  bounds("minLength", "maxLength", 40).map((limits) => ({ type: "string", ...limits })),
  fc.constantFrom("date", "time", "date-time", "email", "uuid", "ipv4", "uri").map((format) => ({
    type: "string",
    format,
  })),
  fc.constantFrom("^[A-Z]{3}$", "^\\d+$", "^[a-z]+$").map((pattern) => ({ type: "string", pattern })),
);
const number = fc.oneof(
  fc.record({ type: fc.constant("number"), minimum: fc.integer({ min: -50, max: 50 }) }),
  fc.record({ low: fc.integer({ min: -50, max: 50 }), room: fc.integer({ min: 2, max: 9 }), integer: fc.boolean() })
    .map(({ low, room, integer }) => ({ type: integer ? "integer" : "number", ...open(low, room) })),
  fc.integer({ min: 1, max: 20 }).map((step) => ({ type: "integer", multipleOf: step, minimum: 1, maximum: 2 * step })),
);
const leaf: fc.Arbitrary<Json> = fc.oneof(
  text,
  number,
  fc.constant({ type: "boolean" }),
  fc.constant({ type: ["string", "null"] }),
  fc.uniqueArray(fc.oneof(fc.string(), fc.integer()), { minLength: 1, maxLength: 4 }).map((values) => ({
    enum: values,
  })),
  fc.oneof(fc.string(), fc.integer(), fc.boolean()).map((value) => ({ const: value })),
);
const schema = fc.letrec<{ any: Json; object: Json; array: Json }>((tie) => ({
  any: fc.oneof(
    { maxDepth: 4 },
    leaf,
    tie("object"),
    tie("array"),
    fc.array(leaf, { minLength: 1 }).map((anyOf) => ({ anyOf })),
  ),
  object: fc.dictionary(fc.stringMatching(/^[a-z]{1,8}$/), tie("any"), { maxKeys: 4 }).chain((properties) =>
    fc.subarray(Object.keys(properties)).map((required) => ({
      type: "object",
      properties,
      required,
      additionalProperties: false,
    }))
  ),
  array: fc.tuple(tie("any"), bounds("minItems", "maxItems", 4))
    .map(([items, limits]) => ({ type: "array", items, ...limits })),
})).object;

Deno.test("fitSchema() fits every schema of the generator, as zod judges it", () => {
  const prompts = fc.constantFrom("", 'Say "yes" in Paris 3 times', "`x` 0.5 and -7");
  fc.assert(
    fc.property(schema, prompts, (schema, prompt) => {
      const value = fitSchema(schema, hintsOf(prompt));
      const judged = z.fromJSONSchema(schema).safeParse(value);
      assert(judged.success, `${JSON.stringify(schema)} was given ${JSON.stringify(value)}`);
      assertEquals(fitSchema(schema, hintsOf(prompt)), value, "the same request gives the same value");
    }),
    { numRuns: 400 },
  );
});

Deno.test("fitSchema() never throws, whatever is called a schema", () => {
  fc.assert(fc.property(fc.jsonValue(), (schema) => void JSON.stringify(fitSchema(schema, hintsOf("hi")))));
});

const object = (properties: Json, more: Json = {}) => ({ type: "object", properties, ...more });

Deno.test("fitSchema() takes what the person said", () => {
  const schema = object({ from: { type: "string" }, to: { type: "string" }, days: { type: "integer", minimum: 2 } });
  assertEquals(fitSchema(schema, hintsOf("A trip from Berlin to New York for 1 person and 12 days")), {
    from: "Berlin",
    to: "New York",
    days: 12,
  });
  const unit = object({ unit: { enum: ["celsius", "fahrenheit"] }, query: { type: "string" } });
  assertEquals(fitSchema(unit, hintsOf("in Fahrenheit, please")), {
    unit: "fahrenheit",
    query: "in Fahrenheit, please",
  });
});

Deno.test("fitSchema() gives only what is required when something is", () => {
  const schema = object({ a: { type: "null" }, b: { type: "null" } }, { required: ["b"] });
  assertEquals(fitSchema(schema, hintsOf("")), { b: null });
});

Deno.test("fitSchema() follows references, allOf and recursion", () => {
  const node = object({ id: { type: "integer" }, next: { anyOf: [{ $ref: "#/$defs/node" }, { type: "null" }] } }, {
    required: ["id", "next"],
  });
  const value = fitSchema({ $ref: "#/$defs/node", $defs: { node } }, hintsOf(""));
  assert(JSON.stringify(value).endsWith(`"next":null}}}}`), JSON.stringify(value));
  const both = {
    allOf: [object({ a: { const: 1 } }, { required: ["a"] }), object({ b: { const: 2 } }, { required: ["b"] })],
  };
  assertEquals(fitSchema(both, hintsOf("")), { a: 1, b: 2 });
});

Deno.test("fitSchema() keeps items apart when they must be unique", () => {
  const list = (items: Json) => object({ list: { type: "array", items, minItems: 3, uniqueItems: true } });
  const size = (items: Json) => {
    const { list: found } = fitSchema(list(items), hintsOf("1 and 1")) as { list: unknown[] }; // as the schema says
    return new Set(found).size;
  };
  assertEquals([size({ type: "string" }), size({ type: "integer" }), size({ enum: ["a", "b", "c"] })], [3, 3, 3]);
});

Deno.test("fitSchema() comes to an end with a schema that has none", () => {
  const endless = object({ a: { $ref: "#" }, b: { $ref: "#" }, c: { $ref: "#" } }, { required: ["a", "b", "c"] });
  const heavy = { type: "array", minItems: 1e9, items: { type: "array", minItems: 1e9, items: { type: "string" } } };
  const slow = { type: "string", pattern: "^(a+)+$" };
  const value = fitSchema(
    object({ endless, heavy, slow, loop: { $ref: "#/properties/loop" } }),
    hintsOf("a".repeat(400)),
  );
  assert(JSON.stringify(value).length < 200_000);
});
