import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { createPrices } from "./prices.ts";

const prices = createPrices({
  currency: "EUR",
  models: { a: { input: 2.5, output: 10, max_output: 16384 }, b: { input: 0, output: 0.15 } },
});

Deno.test("costOf() is prompt by its price and answer by its price, in whole millionths", () => {
  assertEquals(prices.costOf("a", { prompt: 1_000_000, completion: 100 }), { micros: 2_501_000, currency: "EUR" });
  assertEquals(prices.costOf("a", { prompt: 1, completion: 0 }), { micros: 3, currency: "EUR" });
  assertEquals(prices.costOf("b", { prompt: 9, completion: 3 }), { micros: 0, currency: "EUR" });
  assertEquals(prices.costOf("b", { prompt: 9, completion: 10 }), { micros: 2, currency: "EUR" });
});

Deno.test("a model that is not in the list has neither price nor longest answer, whatever its name", () => {
  for (const list of [null, { currency: "EUR", models: { a: { input: 1, output: 1 } } }]) {
    for (const name of ["c", "__proto__", "constructor", "toString", ""]) {
      assertEquals(createPrices(list).costOf(name, { prompt: 1, completion: 1 }), null);
      assertEquals(createPrices(list).maxOutput(name), null);
    }
  }
  const own = createPrices({ currency: "EUR", models: Object.fromEntries([["__proto__", { input: 1, output: 1 }]]) });
  assertEquals(own.costOf("__proto__", { prompt: 4, completion: 1 })?.micros, 5);
});

Deno.test("maxOutput() is that of the list", () => {
  assertEquals([prices.maxOutput("a"), prices.maxOutput("b")], [16384, null]);
});

Deno.test("costOf() is exact for prices of six decimals and counts of any size", () => {
  const price = fc.nat(1_000_000_000);
  const tokens = fc.nat(1_000_000_000_000);
  fc.assert(fc.property(price, price, tokens, tokens, (input, output, prompt, completion) => {
    const { costOf } = createPrices({ currency: "EUR", models: { m: { input: input / 1e6, output: output / 1e6 } } });
    const exact = BigInt(prompt) * BigInt(input) + BigInt(completion) * BigInt(output);
    assertEquals(costOf("m", { prompt, completion })?.micros, Number((exact + 500_000n) / 1_000_000n));
  }));
});

Deno.test("costOf() takes what is no count for the nearest one", () => {
  const micros = (prompt: number) => prices.costOf("a", { prompt, completion: 1 })?.micros;
  assertEquals([NaN, -5, -Infinity, 0.4].map(micros), [10, 10, 10, 10]);
  assertEquals(micros(1.6), 15);
  assertEquals(micros(Infinity), Number(BigInt(Number.MAX_SAFE_INTEGER) * 5n / 2n + 11n));
});
