/**
 * The JSON text of a value that JSON can hold. Anything with a `toJSON` of its own is refused: a `Secret` would be
 * stored as its fingerprint and be lost.
 *
 * @throws {TypeError} for a function, a bigint, a number that is not finite, or an object that is not plain; the
 *   message names the type alone
 */
export function jsonText(value: unknown): string {
  demandJson(value);
  return JSON.stringify(value);
}

function demandJson(value: unknown): void {
  if (value === null || typeof value === "string" || typeof value === "boolean") return;
  if (typeof value === "number" && Number.isFinite(value)) return;
  if (Array.isArray(value)) return value.forEach(demandJson);
  if (typeof value === "object" && isPlain(value)) {
    for (const field of Object.values(value)) if (field !== undefined) demandJson(field);
    return;
  }
  const type = typeof value === "object" ? value.constructor?.name ?? "object" : typeof value;
  throw new TypeError(`Only JSON values can be sealed, and there is a ${type}`);
}

function isPlain(value: object): boolean {
  const prototype = Object.getPrototypeOf(value);
  return (prototype === Object.prototype || prototype === null) && !("toJSON" in value);
}
