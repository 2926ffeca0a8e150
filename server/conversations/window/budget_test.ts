import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { windowOf } from "./budget.ts";

const NOTHING = { configured: null, known: null, maxTokens: null, maxOutput: null };

Deno.test("windowOf() takes the smaller window of those that are known", () => {
  assertEquals(windowOf(NOTHING).contextTokens, 32_768);
  assertEquals(windowOf({ ...NOTHING, configured: 8192 }).contextTokens, 8192);
  assertEquals(windowOf({ ...NOTHING, known: 128_000 }).contextTokens, 128_000);
  assertEquals(windowOf({ ...NOTHING, configured: 8192, known: 128_000 }).contextTokens, 8192);
  assertEquals(windowOf({ ...NOTHING, configured: 200_000, known: 128_000 }).contextTokens, 128_000);
});

Deno.test("windowOf() keeps the model's longest reply free, within a quarter of the window", () => {
  assertEquals(windowOf(NOTHING).reserve, 4096);
  assertEquals(windowOf({ ...NOTHING, known: 128_000, maxOutput: 16_384 }).reserve, 16_384);
  assertEquals(windowOf({ ...NOTHING, known: 8192, maxOutput: 8192 }).reserve, 2048);
  assertEquals(windowOf({ ...NOTHING, known: 16 }).reserve, 4);
  assertEquals(windowOf({ ...NOTHING, known: 3 }).reserve, 0);
});

Deno.test("windowOf() keeps all of a session's max_tokens free, or half where that would leave nothing", () => {
  assertEquals(windowOf({ ...NOTHING, maxTokens: 20_000, maxOutput: 4096 }).reserve, 20_000);
  assertEquals(windowOf({ ...NOTHING, maxTokens: 5 }).reserve, 5);
  assertEquals(windowOf({ ...NOTHING, known: 16, maxTokens: 16 }).reserve, 8);
  assertEquals(windowOf({ ...NOTHING, maxTokens: 100_000 }).reserve, 16_384);
});

Deno.test("windowOf() takes figures that cannot be for unknown", () => {
  for (const bad of [0, -1, NaN, Infinity, 0.5]) {
    assertEquals(windowOf({ configured: bad, known: bad, maxTokens: bad, maxOutput: bad }), windowOf(NOTHING));
  }
});

Deno.test("windowOf() always leaves room for a prompt, in whole tokens", () => {
  const figure = fc.option(fc.oneof(fc.integer({ min: -5, max: 40 }), fc.double(), fc.integer({ min: 1 })));
  fc.assert(
    fc.property(fc.record({ configured: figure, known: figure, maxTokens: figure, maxOutput: figure }), (facts) => {
      const { contextTokens, reserve } = windowOf(facts);
      assert(Number.isInteger(contextTokens) && Number.isInteger(reserve));
      assert(reserve >= 0 && reserve < contextTokens);
    }),
    { numRuns: 200 },
  );
});
