import { type Fields, invalid, isFields, nameOf } from "./invalid_tool.ts";

/** As deep may objects and lists stand in each other, the schema itself included. */
const MAX_DEPTH = 32;

/**
 * Demands that a JSON Schema is well formed as far as that is cheap to see: the types of the common keywords, from draft
 * 4 on; and that it is not nested too deeply. Keywords that are not known here are let through.
 *
 * @param value as parsed JSON
 * @throws {GatehouseError} `invalid_field`
 * @see {@link https://json-schema.org/draft/2020-12/json-schema-validation}
 */
export function demandSchema(value: Fields, place: string): void {
  demandShallow(value, place, 1);
  checkSchema(value, place);
}

function demandShallow(value: unknown, place: string, depth: number): void {
  if (typeof value !== "object" || value === null) return;
  if (depth > MAX_DEPTH) throw invalid(place, `it is nested deeper than ${MAX_DEPTH} levels; make it flatter`);
  // The path of something so deep would help nobody.
  for (const inner of Object.values(value)) demandShallow(inner, place, depth + 1);
}

type Check = (value: unknown, place: string) => void;

function checkSchema(value: unknown, place: string): void {
  if (typeof value === "boolean") return;
  if (!isFields(value)) throw invalid(place, "it is no schema; give an object, true or false");
  for (const [keyword, inner] of Object.entries(value)) KEYWORDS.get(keyword)?.(inner, `${place}.${keyword}`);
}

const TYPES: ReadonlySet<unknown> = new Set(["array", "boolean", "integer", "null", "number", "object", "string"]);

function checkType(value: unknown, place: string): void {
  if (Array.isArray(value) ? value.length > 0 && value.every((type) => TYPES.has(type)) : TYPES.has(value)) return;
  throw invalid(place, `it is no type, and no list of types; there are ${[...TYPES].join(", ")}`);
}

function checkSchemas(value: unknown, place: string): void {
  if (!Array.isArray(value)) throw invalid(place, "it is no list of schemas");
  for (const [index, schema] of value.entries()) checkSchema(schema, `${place}.${index}`);
}

function checkNamedSchemas(value: unknown, place: string): void {
  if (!isFields(value)) throw invalid(place, "it is no object of schemas by name");
  for (const [name, schema] of Object.entries(value)) checkSchema(schema, `${place}.${nameOf(name)}`);
}

function demand(holds: (value: unknown) => boolean, what: string): Check {
  return (value, place) => {
    if (!holds(value)) throw invalid(place, `it is not ${what}`);
  };
}

const checkItems: Check = (value, place) =>
  Array.isArray(value) ? checkSchemas(value, place) : checkSchema(value, place);
const checkText = demand((value) => typeof value === "string", "a text");
const checkNumber = demand((value) => typeof value === "number", "a number");
const checkFlag = demand((value) => typeof value === "boolean", "true or false");
const checkCount = demand((value) => Number.isInteger(value) && Number(value) >= 0, "a whole number from 0 on");
const checkList = demand(Array.isArray, "a list");
const checkNames = demand((value) => Array.isArray(value) && value.every(isText), "a list of names");
/** A flag in draft 4 and in OpenAPI 3.0. */
const checkBound = demand((value) => typeof value === "number" || typeof value === "boolean", "a number");

function isText(value: unknown): boolean {
  return typeof value === "string";
}

const KEYWORDS: ReadonlyMap<string, Check> = new Map([
  ["type", checkType],
  ["items", checkItems],
  ["required", checkNames],
  ["enum", checkList],
  ["examples", checkList],
  ["exclusiveMinimum", checkBound],
  ["exclusiveMaximum", checkBound],
  ...["properties", "patternProperties", "$defs", "definitions", "dependentSchemas"].map(each(checkNamedSchemas)),
  ...["allOf", "anyOf", "oneOf", "prefixItems"].map(each(checkSchemas)),
  ...["not", "if", "then", "else", "contains", "propertyNames"].map(each(checkSchema)),
  ...["additionalProperties", "unevaluatedProperties", "additionalItems", "unevaluatedItems"].map(each(checkSchema)),
  ...["title", "description", "format", "pattern", "$ref", "$id", "$schema", "$anchor", "$comment"].map(
    each(checkText),
  ),
  ...["minimum", "maximum", "multipleOf"].map(each(checkNumber)),
  ...["minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties"].map(each(checkCount)),
  ...["uniqueItems", "deprecated", "readOnly", "writeOnly", "nullable"].map(each(checkFlag)),
]);

function each(check: Check): (keyword: string) => [string, Check] {
  return (keyword) => [keyword, check];
}
