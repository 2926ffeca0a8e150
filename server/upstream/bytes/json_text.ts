/** Character classes and scalars of JSON text (RFC 8259) over UTF-8 bytes. */

export const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const MINUS = 0x2d;
const ZERO = 0x30;
const DOT = 0x2e;
const LOWER_U = 0x75;

/** 1 where a run of plain string bytes stops: a quote, a backslash, a control character. */
const STOPS = table((c) => c < 0x20 || c === QUOTE || c === BACKSLASH);
const SPACE = table((c) => c === 0x20 || c === 0x09 || c === 0x0a || c === 0x0d);
const DIGIT = table((c) => c >= ZERO && c <= 0x39);
const HEX = table((c) => (c >= ZERO && c <= 0x39) || (c >= 0x41 && c <= 0x46) || (c >= 0x61 && c <= 0x66));
const ESCAPED = table((c) => '"\\/bfnrt'.includes(String.fromCharCode(c)));

/** The index of the first byte at or after `i` that is not white space. */
export function skipSpace(bytes: Uint8Array, i: number): number {
  while (is(SPACE, bytes, i)) i++;
  return i;
}

/** The index after the string whose opening quote is at `i`, or -1 if it is no JSON string. UTF-8 is not checked. */
export function stringEnd(bytes: Uint8Array, i: number): number {
  i++;
  for (;;) {
    while (i < bytes.length && STOPS[bytes[i] ?? 0] === 0) i++;
    const stop = bytes[i];
    if (stop === QUOTE) return i + 1;
    if (stop !== BACKSLASH) return -1;
    if (is(ESCAPED, bytes, i + 1)) i += 2;
    else if (
      bytes[i + 1] === LOWER_U && is(HEX, bytes, i + 2) && is(HEX, bytes, i + 3) && is(HEX, bytes, i + 4) &&
      is(HEX, bytes, i + 5)
    ) i += 6;
    else return -1;
  }
}

/** The index after the number or literal that begins at `i`, or -1 if there is none. */
export function scalarEnd(bytes: Uint8Array, i: number): number {
  switch (bytes[i]) {
    case 0x6e:
      return wordEnd(bytes, i, "null");
    case 0x74:
      return wordEnd(bytes, i, "true");
    case 0x66:
      return wordEnd(bytes, i, "false");
    default:
      return numberEnd(bytes, i);
  }
}

function wordEnd(bytes: Uint8Array, i: number, word: string): number {
  for (let at = 0; at < word.length; at++) if (bytes[i + at] !== word.charCodeAt(at)) return -1;
  return i + word.length;
}

function numberEnd(bytes: Uint8Array, i: number): number {
  if (bytes[i] === MINUS) i++;
  if (!is(DIGIT, bytes, i)) return -1;
  i = bytes[i] === ZERO ? i + 1 : skipDigits(bytes, i);
  if (bytes[i] === DOT) {
    if (!is(DIGIT, bytes, i + 1)) return -1;
    i = skipDigits(bytes, i + 1);
  }
  if (bytes[i] === 0x65 || bytes[i] === 0x45) {
    i++;
    if (bytes[i] === 0x2b || bytes[i] === MINUS) i++;
    if (!is(DIGIT, bytes, i)) return -1;
    i = skipDigits(bytes, i);
  }
  return i;
}

function skipDigits(bytes: Uint8Array, i: number): number {
  while (is(DIGIT, bytes, i)) i++;
  return i;
}

function is(members: Uint8Array, bytes: Uint8Array, i: number): boolean {
  return i < bytes.length && members[bytes[i] ?? 0] === 1;
}

function table(member: (code: number) => boolean): Uint8Array {
  return Uint8Array.from({ length: 256 }, (_, code) => member(code) ? 1 : 0);
}
