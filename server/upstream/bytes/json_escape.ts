const LF = 0x0a;
const CR = 0x0d;
const LOWER_U = 0x75;

/** An escape of a JSON string. */
export interface Escape {
  /** How many characters it is written with; 0 if it is not there to its end. */
  readonly length: number;
  /** How many bytes the character has in UTF-8. */
  readonly bytes: number;
}

const INCOMPLETE: Escape = { length: 0, bytes: 0 };
/** A backslash that ends a line is no escape. */
const BARE: Escape = { length: 1, bytes: 1 };
const SHORT: Escape = { length: 2, bytes: 1 };
const ONE_BYTE: Escape = { length: 6, bytes: 1 };
const TWO_BYTES: Escape = { length: 6, bytes: 2 };
const THREE_BYTES: Escape = { length: 6, bytes: 3 };

/**
 * Reads the escape whose backslash stands at `at` (RFC 8259 §7). Each half of a surrogate pair has two bytes: streams
 * cut pairs in two. A wrong escape is read as one of a single character.
 */
export function escapeAt(text: string, at: number): Escape {
  if (at + 1 >= text.length) return INCOMPLETE;
  const kind = text.charCodeAt(at + 1);
  if (kind === LF || kind === CR) return BARE;
  if (kind !== LOWER_U) return SHORT;
  let code = 0;
  for (let i = at + 2; i < at + 6; i++) {
    if (i >= text.length) return INCOMPLETE;
    const digit = hexDigit(text.charCodeAt(i));
    if (digit < 0) return SHORT;
    code = code * 16 + digit;
  }
  if (code < 0x80) return ONE_BYTE;
  return code < 0x800 || (code >= 0xd800 && code < 0xe000) ? TWO_BYTES : THREE_BYTES;
}

function hexDigit(code: number): number {
  if (code >= 0x30 && code <= 0x39) return code - 0x30;
  const letter = code | 0x20;
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : -1;
}
