import type { Settings } from "../../settings/mod.ts";
import { type Finding, ok, warn } from "./finding.ts";

/** Whether the default model has a price, where there is a price list. */
export function checkPrices({ prices, upstreams }: Settings): readonly Finding[] {
  if (prices === null) return [];
  const names = Object.keys(prices.models);
  const model = upstreams[0]?.defaultModel ?? null;
  if (model === null || names.includes(model)) {
    return [ok("prices", `in ${prices.currency}, for ${names.length === 1 ? "1 model" : `${names.length} models`}`)];
  }
  return [warn(
    "prices",
    `PRICES_FILE has none for ${model} (LLM_MODEL_NAME): its requests cost nothing in the books, and whoever has a budget is refused`,
    "Add it there, under the name that requests use.",
  )];
}
