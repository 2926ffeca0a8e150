import { fitNumber } from "./fit_number.ts";
import { fitString } from "./fit_string.ts";
import type { Hints } from "./hints.ts";
import { asList, asNumber, asSchema, isObject, mergeSchemas, resolveReference, type Schema } from "./schema.ts";

/** Beyond this only what a schema insists on is filled in, and recursion takes its way out. */
const DEEP = 4;
const DEEPEST = 24;
const MOST_ITEMS = 100;
/** A schema can be small and its smallest value endless: after so many values the rest is null. */
const MOST_VALUES = 5_000;

interface Place {
  readonly root: Schema;
  readonly hints: Hints;
  readonly name: string;
  readonly depth: number;
  /** Which one among equals, so that items can differ. */
  readonly nth: number;
  readonly budget: { left: number };
}

/**
 * A JSON value that fits a JSON Schema: types, enum, const, required, nested objects and arrays, bounds, the usual
 * formats, `anyOf`/`oneOf`/`allOf` and local `$ref`. A `pattern` is met by trying samples, so an unusual one may not be.
 *
 * @param hints what the person said: taken as values wherever they fit
 */
export function fitSchema(schema: unknown, hints: Hints): unknown {
  const root = asSchema(schema);
  return fit(root, { root, hints, name: "", depth: 0, nth: 0, budget: { left: MOST_VALUES } });
}

function fit(given: Schema, at: Place): unknown {
  if (at.depth > DEEPEST || at.budget.left-- <= 0) return null;
  const schema = flatten(given, at);
  if (Object.hasOwn(schema, "const")) return schema.const;
  if (Array.isArray(schema.enum)) return chosen(schema.enum, at);
  const type = typeOf(schema, at);
  switch (type) {
    case "object":
      return fitObject(schema, at);
    case "array":
      return fitArray(schema, at);
    case "integer":
    case "number":
      return fitNumber(schema, type === "integer", at.hints, at.nth);
    case "boolean":
      return at.nth % 2 === 0;
    case "null":
      return null;
    default:
      return fitString(schema, at.name, at.hints, at.nth);
  }
}

/** References followed, `allOf` merged, one branch of `anyOf` and `oneOf` taken. */
function flatten(given: Schema, at: Place): Schema {
  let schema = given;
  for (let turns = 0; turns < DEEPEST; turns++) {
    const { $ref, allOf, anyOf, oneOf, ...rest } = schema;
    if ($ref !== undefined) {
      schema = mergeSchemas(resolveReference(at.root, $ref), { ...rest, ...only({ allOf, anyOf, oneOf }) });
    } else if (Array.isArray(allOf)) {
      schema = [...allOf].map(asSchema).reduce(mergeSchemas, { ...rest, ...only({ anyOf, oneOf }) });
    } else if (Array.isArray(anyOf)) schema = mergeSchemas({ ...rest, ...only({ oneOf }) }, branch(anyOf, at));
    else if (Array.isArray(oneOf)) schema = mergeSchemas(rest, branch(oneOf, at));
    else return schema;
  }
  return schema;
}

function only(keywords: Schema): Schema {
  return Object.fromEntries(Object.entries(keywords).filter(([, value]) => value !== undefined));
}

/** The first branch; when deep, the one that goes no deeper. */
function branch(branches: readonly unknown[], at: Place): Schema {
  const schemas = branches.map(asSchema);
  const nested = (schema: Schema) => "$ref" in schema || "properties" in schema || "items" in schema;
  const first = at.depth >= DEEP ? schemas.find((schema) => !nested(schema)) : undefined;
  return first ?? schemas.find((schema) => schema.type !== "null") ?? schemas[0] ?? {};
}

function chosen(values: readonly unknown[], at: Place): unknown {
  const text = at.hints.text.toLowerCase();
  const said = values.find((value) => typeof value === "string" && value !== "" && text.includes(value.toLowerCase()));
  if (said !== undefined && at.nth === 0) return said;
  return values[at.nth % Math.max(values.length, 1)] ?? null;
}

function typeOf(schema: Schema, at: Place): unknown {
  const types = asList(schema.type);
  if (types.length > 0) {
    const wanted = at.depth >= DEEP && types.includes("null") ? "null" : types.find((type) => type !== "null");
    return wanted ?? "null";
  }
  if (schema.type !== undefined) return schema.type;
  if (schema.properties !== undefined || schema.required !== undefined || at.depth === 0) return "object";
  if (schema.items !== undefined || schema.prefixItems !== undefined) return "array";
  const isNumeric = ["minimum", "maximum", "multipleOf", "exclusiveMinimum", "exclusiveMaximum"].some((k) =>
    k in schema
  );
  return isNumeric ? "number" : "string";
}

function fitObject(schema: Schema, at: Place): Record<string, unknown> {
  const properties = isObject(schema.properties) ? schema.properties : {};
  const required = asList(schema.required).filter((name) => typeof name === "string");
  // With nothing required an empty object would fit, and show nothing: at the top all that is offered is filled in.
  const names = required.length === 0 && at.depth === 0 ? Object.keys(properties) : [...new Set(required)];
  const least = asNumber(schema.minProperties) ?? 0;
  for (const name of Object.keys(properties)) if (names.length < least && !names.includes(name)) names.push(name);
  for (let i = 1; names.length < Math.min(least, MOST_ITEMS); i++) names.push(`extra${i}`);
  const most = asNumber(schema.maxProperties) ?? Infinity;
  return Object.fromEntries(
    names.slice(0, most).map((name, i) => {
      const declared = Object.hasOwn(properties, name) ? properties[name] : schema.additionalProperties;
      return [
        name,
        fit(asSchema(declared), { ...at, name, depth: at.depth + 1, nth: wordsTaken(properties, names, i) }),
      ];
    }),
  );
}

/** Two plain strings side by side take the first and the second word said, and so on; all else stands alone. */
function wordsTaken(properties: Record<string, unknown>, names: readonly string[], index: number): number {
  const plain = (name: string | undefined) => {
    const schema = asSchema(name === undefined ? undefined : properties[name]);
    return JSON.stringify([
      schema.type,
      schema.enum,
      schema.format,
      schema.pattern,
      schema.minLength,
      schema.maxLength,
    ]);
  };
  const kind = asSchema(properties[names[index] ?? ""]).type;
  if (kind !== "number" && kind !== "integer" && kind !== "string") return 0;
  if (asSchema(properties[names[index] ?? ""]).enum !== undefined) return 0;
  return names.slice(0, index).filter((name) => plain(name) === plain(names[index])).length;
}

function fitArray(schema: Schema, at: Place): unknown[] {
  const prefix = asList(schema.prefixItems);
  const least = asNumber(schema.minItems) ?? 0;
  const most = Math.min(asNumber(schema.maxItems) ?? Infinity, MOST_ITEMS);
  const closed = schema.items === false;
  const usual = at.depth >= DEEP ? 0 : Math.max(prefix.length, closed ? 0 : 1);
  const length = Math.min(Math.max(least, usual), closed ? prefix.length : Infinity, most);
  const value = (i: number, nth: number) =>
    fit(asSchema(i < prefix.length ? prefix[i] : schema.items), { ...at, depth: at.depth + 1, nth });
  if (schema.uniqueItems !== true) return Array.from({ length }, (_, i) => value(i, i));
  const items = new Map<string, unknown>();
  for (let nth = 0; items.size < length && nth < 3 * length + 10; nth++) {
    const item = value(items.size, nth);
    items.set(JSON.stringify(item), item);
  }
  return [...items.values()];
}
