/** A JSON Schema as it comes in: nothing about it is sure. */
export type Schema = Readonly<Record<string, unknown>>;

/** `value` as a schema; anything that is none, `true` included, allows everything. */
export function asSchema(value: unknown): Schema {
  return isObject(value) ? value : {};
}

/** Whether `value` is a JSON object. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** `value` as a finite number. */
export function asNumber(value: unknown): number | undefined {
  return typeof value === "number" && Number.isFinite(value) ? value : undefined;
}

/** `value` as a list. */
export function asList(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** A schema that demands what both demand, as far as a simple union of keywords can say it. */
export function mergeSchemas(a: Schema, b: Schema): Schema {
  const merged: Record<string, unknown> = { ...a, ...b };
  if (isObject(a.properties) && isObject(b.properties)) {
    const properties: Record<string, unknown> = { ...a.properties };
    for (const [name, schema] of Object.entries(b.properties)) {
      properties[name] = Object.hasOwn(properties, name)
        ? mergeSchemas(asSchema(properties[name]), asSchema(schema))
        : schema;
    }
    merged.properties = properties;
  }
  if (Array.isArray(a.required) && Array.isArray(b.required)) {
    merged.required = [...new Set([...a.required, ...b.required])];
  }
  for (const key of ["minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties"]) {
    if (typeof a[key] === "number" && typeof b[key] === "number") merged[key] = Math.max(a[key], b[key]);
  }
  for (const key of ["maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties"]) {
    if (typeof a[key] === "number" && typeof b[key] === "number") merged[key] = Math.min(a[key], b[key]);
  }
  if (Array.isArray(a.enum) && Array.isArray(b.enum)) {
    const allowed = new Set(b.enum.map((value) => JSON.stringify(value)));
    merged.enum = a.enum.filter((value) => allowed.has(JSON.stringify(value)));
  }
  return merged;
}

/** Finds `#/…` references inside `root`; one that leads nowhere allows everything. */
export function resolveReference(root: Schema, reference: unknown): Schema {
  if (typeof reference !== "string" || !reference.startsWith("#")) return {};
  let value: unknown = root;
  for (const step of reference.slice(1).split("/").slice(1)) {
    const key = decodeURIComponent(step).replaceAll("~1", "/").replaceAll("~0", "~");
    value = (isObject(value) || Array.isArray(value)) && Object.hasOwn(value, key)
      ? Reflect.get(value, key)
      : undefined;
  }
  return asSchema(value);
}
