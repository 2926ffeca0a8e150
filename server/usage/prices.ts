import type { PriceList } from "../settings/mod.ts";
import { type TokenCount, wholeTokens } from "./count.ts";

/** A sum of money. */
export interface Cost {
  /** Millionths of the currency, a whole number. */
  readonly micros: number;
  /** ISO 4217. */
  readonly currency: string;
}

/** What models cost, looked up by name. */
export interface Prices {
  /** What so many tokens cost, rounded to the nearest millionth; null: the model has no price. */
  costOf(model: string, count: TokenCount): Cost | null;
  /** The longest answer of the model, in tokens; null: not known. */
  maxOutput(model: string): number | null;
}

/** Parts of a millionth that prices are counted in: they keep six decimals. */
const SCALE = 1_000_000;

/** Prices from a list; without one no model has a price. */
export function createPrices(list: PriceList | null): Prices {
  const models = new Map(
    Object.entries(list?.models ?? {}).map(([name, { input, output, max_output: maxOutput = null }]) => [
      name,
      { input: scaled(input), output: scaled(output), maxOutput },
    ]),
  );
  const currency = list?.currency ?? "";
  return {
    costOf(model, { prompt, completion }) {
      const price = models.get(model);
      if (price === undefined) return null;
      const parts = BigInt(wholeTokens(prompt)) * price.input + BigInt(wholeTokens(completion)) * price.output;
      return { micros: Number((parts + HALF) / WHOLE), currency };
    },
    maxOutput: (model) => models.get(model)?.maxOutput ?? null,
  };
}

const WHOLE = BigInt(SCALE);
const HALF = WHOLE / 2n;

/** Whole parts, because a product of decimals may fall on the wrong side of a half. */
function scaled(price: number): bigint {
  return BigInt(Math.round(price * SCALE));
}
