import { assertEquals, assertStringIncludes } from "@std/assert";
import type { Settings } from "../../settings/mod.ts";
import { OAUTH, settingsOf } from "./examination_fixture.ts";
import { checkPrices } from "./prices.ts";

function settings(model: string | null, ...priced: string[]): Settings {
  const models = Object.fromEntries(priced.map((name) => [name, { input: 1, output: 2 }]));
  return {
    ...settingsOf(model === null ? OAUTH : { ...OAUTH, LLM_MODEL_NAME: model }),
    prices: priced.length === 0 ? null : { currency: "EUR", models },
  };
}

Deno.test("checkPrices() says nothing where there is no price list", () => {
  assertEquals(checkPrices(settings("large")), []);
});

Deno.test("checkPrices() warns when the default model has no price", () => {
  assertEquals(checkPrices(settings("large", "large", "small")).map(({ verdict }) => verdict), ["ok"]);
  assertEquals(checkPrices(settings(null, "small")).map(({ verdict }) => verdict), ["ok"]);
  const [finding] = checkPrices(settings("large", "small"));
  assertEquals(finding?.verdict, "warn");
  assertStringIncludes(finding?.found ?? "", "none for large");
});
