import { Buffer } from "node:buffer";

/**
 * The length of a parsed value as JSON text without white space, in UTF-8 bytes. Unlike `JSON.stringify` it bears any
 * depth.
 *
 * @param value as parsed from JSON
 * @param skipped strings that match count as empty
 */
export function jsonBytes(value: unknown, skipped?: RegExp): number {
  const left = [value];
  let bytes = 0;
  while (left.length > 0) {
    const next = left.pop();
    if (Array.isArray(next)) {
      bytes += enclosing(next.length);
      for (const item of next) left.push(item);
    } else if (typeof next === "object" && next !== null) {
      const members = Object.entries(next);
      bytes += enclosing(members.length);
      for (const [name, member] of members) {
        bytes += stringBytes(name) + 1;
        left.push(member);
      }
    } else if (typeof next !== "string") bytes += String(next).length;
    else bytes += skipped?.test(next) ? 2 : stringBytes(next);
  }
  return bytes;
}

/** Brackets and commas. */
function enclosing(items: number): number {
  return 2 + Math.max(0, items - 1);
}

function stringBytes(text: string): number {
  return Buffer.byteLength(JSON.stringify(text));
}
