import { assertEquals, assertStringIncludes } from "@std/assert";
import { describeSettings } from "../describe_settings.ts";
import type { PriceList } from "../settings.ts";
import { faultText, settingsOf } from "../settings_fixture.ts";

const ENV = { LLM_BASE_URL: "http://127.0.0.1:11434/v1", PRICES_FILE: "/prices.json" } as const;

function pricesOf(text: string): PriceList | null | undefined {
  return settingsOf(ENV, { readTextFile: () => text }).prices;
}

function faultOf(text: string): string {
  return faultText(ENV, { readTextFile: () => text });
}

Deno.test("PRICES_FILE is read as a price list; without it there is none", () => {
  assertEquals(pricesOf(`{"currency":"EUR","models":{"a":{"input":2.5,"output":0,"max_output":16384}}}`), {
    currency: "EUR",
    models: { a: { input: 2.5, output: 0, max_output: 16384 } },
  });
  assertEquals(pricesOf(`{"models":{"a/b c":{"input":1e-3,"output":10}}}`), {
    currency: "USD",
    models: { "a/b c": { input: 0.001, output: 10 } },
  });
  assertEquals(settingsOf({ LLM_BASE_URL: ENV.LLM_BASE_URL }).prices, null);
});

Deno.test("PRICES_FILE may hold a model of any name", () => {
  const models = pricesOf(`{"models":{"__proto__":{"input":1,"output":2},"constructor":{"input":3,"output":4}}}`)
    ?.models;
  assertEquals(Object.keys(models ?? {}).sort(), ["__proto__", "constructor"]);
  assertEquals(Object.getPrototypeOf(models), Object.prototype);
});

Deno.test("a fault of PRICES_FILE names what is wrong in the file", () => {
  const a = (fields: string) => `{"models":{"a":{${fields}}}}`;
  for (
    const [text, found, expected] of [
      ["", "text that is not JSON", `"models"`],
      ["[]", "the file a list", "an object"],
      [`{}`, "no models", "an object"],
      [`{"models":{}}`, "no models", `"input":2.5`],
      [`{"models":[]}`, "models a list", "an object"],
      [`{"models":{"a":1}}`, `models["a"] 1`, "an object"],
      [`{"modles":{}}`, `the unknown field "modles" in the file`, "currency, models"],
      [`{"currency":"usd","models":{}}`, `currency "usd"`, "three capital letters"],
      [`{"currency":7,"models":{}}`, "currency 7", "three capital letters"],
      [`{"currency":null,"models":{}}`, "currency null", "three capital letters"],
      [a(`"input":1`), `no models["a"].output`, "a number"],
      [a(`"input":-1,"output":1`), `models["a"].input -1`, "a number, 0"],
      [a(`"input":1,"output":"2"`), `models["a"].output "2"`, "a number, 0"],
      [a(`"input":1e400,"output":1`), `models["a"].input Infinity`, "a number, 0"],
      [a(`"input":null,"output":1`), `models["a"].input null`, "a number, 0"],
      [a(`"input":1,"output":1,"max_output":0`), `models["a"].max_output 0`, "a whole number"],
      [a(`"input":1,"output":1,"max_output":1.5`), `models["a"].max_output 1.5`, "a whole number"],
      [a(`"input":1,"output":1,"cached":1`), `the unknown field "cached" in models["a"]`, "max_output"],
    ] as const
  ) {
    const fault = faultOf(text);
    assertStringIncludes(fault, `PRICES_FILE: found "/prices.json" with ${found}, expected `);
    assertStringIncludes(fault.slice(fault.indexOf(", expected ")), expected);
    assertEquals(fault.includes("\n"), false);
  }
});

Deno.test("describeSettings() counts the models that have a price", () => {
  const text = `{"models":{"a":{"input":1,"output":2},"b":{"input":1,"output":2}}}`;
  const shown = new Map(describeSettings(settingsOf(ENV, { readTextFile: () => text })));
  assertEquals(shown.get("prices.models"), "2 model(s)");
  assertEquals(shown.get("prices.currency"), "USD");
});
