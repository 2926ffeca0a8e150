import type { Scan, Span } from "./json_scan.ts";

/**
 * Replaces or adds top-level members of a JSON object as bytes: whatever is not named stays as it was sent (white
 * space, key order, the spelling of numbers). New members come first.
 *
 * @param bytes the object that was scanned
 * @param scan what `scanObject(bytes)` found
 * @param edits the new value of each key as JSON text
 * @returns new bytes, or `bytes` itself when there is nothing to edit
 */
export function spliceMembers(
  bytes: Uint8Array<ArrayBuffer>,
  scan: Scan,
  edits: ReadonlyMap<string, Uint8Array | string>,
): Uint8Array<ArrayBuffer> {
  if (edits.size === 0) return bytes;
  const encoder = new TextEncoder();
  const encode = (value: Uint8Array | string) => typeof value === "string" ? encoder.encode(value) : value;
  const replaced: { span: Span; value: Uint8Array }[] = [];
  const added: Uint8Array[] = [];
  for (const [key, value] of edits) {
    const span = scan.members.get(key);
    if (span !== undefined) replaced.push({ span, value: encode(value) });
    else added.push(encoder.encode(`${added.length > 0 ? "," : ""}${JSON.stringify(key)}:`), encode(value));
  }
  if (added.length > 0 && scan.members.size > 0) added.push(encoder.encode(","));
  replaced.sort((a, b) => a.span.start - b.span.start);

  const parts = [bytes.subarray(0, scan.insertAt), ...added];
  let from = scan.insertAt;
  for (const { span, value } of replaced) {
    parts.push(bytes.subarray(from, span.start), value);
    from = span.end;
  }
  parts.push(bytes.subarray(from));
  return concat(parts);
}

/** The parts one after another in new bytes. */
export function concat(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
