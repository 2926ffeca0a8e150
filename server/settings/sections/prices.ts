import { showValue } from "../fault.ts";
import type { ModelPrice, PriceList } from "../settings.ts";
import type { ParsedFile } from "./files.ts";

/** What the whole file should be. */
export const PRICES_EXPECTED =
  'a readable JSON file like {"currency":"USD","models":{"name":{"input":2.5,"output":10,"max_output":16384}}}';

/** Keeps every sum of prices an exact number. */
const HIGHEST_PRICE = 1e9;

class Wrong extends Error {
  constructor(readonly found: string, readonly expected: string) {
    super(found);
  }
}

/** The price list in the text of `PRICES_FILE`, or the first thing that is wrong in it. Unknown fields are wrong: a misspelt price would be no price. */
export function parsePrices(text: string): ParsedFile<PriceList> {
  try {
    return { ok: true, value: priceList(jsonOf(text)) };
  } catch (error) {
    if (!(error instanceof Wrong)) throw error;
    return { ok: false, found: error.found, expected: error.expected };
  }
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new Wrong("text that is not JSON", PRICES_EXPECTED); // the reason would quote the text
  }
}

function priceList(json: unknown): PriceList {
  const fields = record(json, "the file", ["currency", "models"]);
  const currency = fields.has("currency") ? fields.get("currency") : "USD";
  if (typeof currency !== "string" || !/^[A-Z]{3}$/.test(currency)) {
    throw wrong("currency", currency, "three capital letters (ISO 4217)");
  }
  const models = [...record(fields.get("models"), "models")].map(([name, price]) => [name, modelPrice(name, price)]);
  if (models.length === 0) throw new Wrong("no models", PRICES_EXPECTED);
  return { currency, models: Object.fromEntries(models) };
}

function modelPrice(name: string, json: unknown): ModelPrice {
  const place = `models[${showValue(name)}]`;
  const fields = record(json, place, ["input", "output", "max_output"]);
  const price = (field: string) =>
    numberIn(fields, field, place, (value) => value >= 0 && value <= HIGHEST_PRICE, `a number, 0 to ${HIGHEST_PRICE}`);
  const base = { input: price("input"), output: price("output") };
  if (!fields.has("max_output")) return base;
  const isLength = (value: number) => Number.isSafeInteger(value) && value > 0;
  return { ...base, max_output: numberIn(fields, "max_output", place, isLength, "a whole number, 1 or more") };
}

function numberIn(
  fields: ReadonlyMap<string, unknown>,
  field: string,
  place: string,
  isGood: (value: number) => boolean,
  expected: string,
): number {
  const value = fields.get(field);
  if (typeof value !== "number" || !isGood(value)) throw wrong(`${place}.${field}`, value, expected);
  return value;
}

/** A map, because `__proto__` is a name like any other in JSON. */
function record(json: unknown, place: string, known?: readonly string[]): ReadonlyMap<string, unknown> {
  if (typeof json !== "object" || json === null || Array.isArray(json)) throw wrong(place, json, "an object");
  const fields = Object.entries(json);
  const unknown = known === undefined ? undefined : fields.find(([name]) => !known.includes(name));
  if (unknown !== undefined) {
    throw new Wrong(`the unknown field ${showValue(unknown[0])} in ${place}`, `only ${known?.join(", ")} there`);
  }
  return new Map(fields);
}

function wrong(place: string, value: unknown, expected: string): Wrong {
  return new Wrong(value === undefined ? `no ${place}` : `${place} ${shown(value)}`, expected);
}

function shown(value: unknown): string {
  if (typeof value === "string") return showValue(value);
  if (Array.isArray(value)) return "a list";
  return typeof value === "object" && value !== null ? "an object" : String(value);
}
