import { QUOTE, scalarEnd, skipSpace, stringEnd } from "./json_text.ts";

/** Where something stands: `[start, end)` in bytes. */
export interface Span {
  /** The first byte. */
  readonly start: number;
  /** The byte after the last. */
  readonly end: number;
}

/** A JSON object, found whole and valid. */
export interface Scan {
  /** It is usable. */
  readonly ok: true;
  /** The span of each top-level value under its decoded key, in the order they stand. */
  readonly members: ReadonlyMap<string, Span>;
  /** Where a new first member can be put: just after the opening brace. */
  readonly insertAt: number;
}

/** Why the bytes are not one usable JSON object. */
export interface ScanFault {
  /** It is not. */
  readonly ok: false;
  /** A clause for an error message. */
  readonly reason: string;
}

/** What {@linkcode scanObject} finds. */
export type ScanResult = Scan | ScanFault;

/** How deep objects and arrays may stand in each other, the outermost included. */
export const MAX_DEPTH = 512;

type Expect = "key or end" | "key" | "value or end" | "value" | "comma or end";

/** `ignoreBOM` keeps a leading U+FEFF as part of the key, which is what other parsers do. */
const STRICT_UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

const BRACE_OPEN = 0x7b;
const BRACE_CLOSE = 0x7d;
const BRACKET_OPEN = 0x5b;
const BRACKET_CLOSE = 0x5d;
const COMMA = 0x2c;
const COLON = 0x3a;

/**
 * Finds the top-level members of one JSON object without building it (RFC 8259). The grammar is checked to the last
 * byte, so what passes here means the same to every parser: a repeated top-level key is a fault (parsers differ in which
 * one they take), also when its letters are written as escapes; so are a byte order mark and more than
 * {@linkcode MAX_DEPTH} levels. Not checked: that values are valid UTF-8.
 */
export function scanObject(bytes: Uint8Array): ScanResult {
  if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) return fault("it begins with a byte order mark");
  let i = skipSpace(bytes, 0);
  if (bytes[i] !== BRACE_OPEN) return fault("it is not a JSON object");
  const insertAt = ++i;
  const members = new Map<string, Span>();
  const isObject = new Uint8Array(MAX_DEPTH + 1);
  isObject[1] = 1;
  let depth = 1;
  let expect: Expect = "key or end";
  let key = "";
  let valueStart = 0;

  for (;;) {
    i = skipSpace(bytes, i);
    const byte = bytes[i];
    if (byte === undefined) return fault("it ends too early");
    switch (expect) {
      case "key or end":
      case "key": {
        if (byte === BRACE_CLOSE && expect === "key or end") break;
        const end = byte === QUOTE ? stringEnd(bytes, i) : -1;
        if (end < 0) return faultAt(i);
        if (depth === 1) {
          const decoded = decodeKey(bytes, i, end);
          if (decoded === null) return fault(`the key at byte ${i} is not valid UTF-8`);
          if (members.has(decoded)) return fault(`the key ${JSON.stringify(decoded.slice(0, 64))} stands there twice`);
          key = decoded;
        }
        i = skipSpace(bytes, end);
        if (bytes[i] !== COLON) return faultAt(i);
        i++;
        expect = "value";
        continue;
      }
      case "value or end":
      case "value": {
        if (byte === BRACKET_CLOSE && expect === "value or end") break;
        if (depth === 1) valueStart = i;
        if (byte === BRACE_OPEN || byte === BRACKET_OPEN) {
          if (depth === MAX_DEPTH) return fault(`it is nested deeper than ${MAX_DEPTH} levels`);
          isObject[++depth] = byte === BRACE_OPEN ? 1 : 0;
          expect = byte === BRACE_OPEN ? "key or end" : "value or end";
          i++;
          continue;
        }
        const end = byte === QUOTE ? stringEnd(bytes, i) : scalarEnd(bytes, i);
        if (end < 0) return faultAt(i);
        i = end;
        if (depth === 1) members.set(key, { start: valueStart, end });
        expect = "comma or end";
        continue;
      }
      case "comma or end": {
        if (byte === COMMA) {
          expect = isObject[depth] === 1 ? "key" : "value";
          i++;
          continue;
        }
        if (byte !== (isObject[depth] === 1 ? BRACE_CLOSE : BRACKET_CLOSE)) return faultAt(i);
        break;
      }
    }
    i++;
    depth--;
    if (depth === 0) break;
    if (depth === 1) members.set(key, { start: valueStart, end: i });
    expect = "comma or end";
  }
  i = skipSpace(bytes, i);
  return i === bytes.length ? { ok: true, members, insertAt } : faultAt(i);
}

function decodeKey(bytes: Uint8Array, start: number, end: number): string | null {
  const plain = plainKey(bytes, start + 1, end - 1);
  if (plain !== null) return plain;
  const inner = bytes.subarray(start + 1, end - 1);
  if (!inner.includes(0x5c)) return decodeUtf8(inner);
  const text = decodeUtf8(bytes.subarray(start, end));
  return text === null ? null : String(JSON.parse(text));
}

/** A short key of ASCII without escapes, which is nearly every key: a call of the decoder costs more than the rest. */
function plainKey(bytes: Uint8Array, start: number, end: number): string | null {
  if (end - start > 32) return null;
  let key = "";
  for (let i = start; i < end; i++) {
    const byte = bytes[i] ?? 0;
    if (byte >= 0x80 || byte === 0x5c) return null;
    key += String.fromCharCode(byte);
  }
  return key;
}

function decodeUtf8(bytes: Uint8Array): string | null {
  try {
    return STRICT_UTF8.decode(bytes);
  } catch {
    return null;
  }
}

function fault(reason: string): ScanFault {
  return { ok: false, reason };
}

function faultAt(index: number): ScanFault {
  return fault(`it is not valid JSON at byte ${index}`);
}
