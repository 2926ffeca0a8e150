import { Buffer } from "node:buffer";

/**
 * Replaces every occurrence of the credential in an error body by `[redacted]` and leaves every other byte alone: an
 * upstream that echoes what it was sent must not hand our token to a client. Each character is found as it is and as
 * JSON, a URL or HTML may spell it (`/` as `\/`, `\u002f`, `%2F`, `&#47;`).
 */
export function redact(body: Uint8Array<ArrayBuffer>, secrets: readonly string[]): Uint8Array<ArrayBuffer> {
  const patterns = secrets.filter((secret) => secret !== "").map((secret) => [...secret].map(spellings).join(""));
  if (patterns.length === 0) return body;
  // Latin-1 keeps each byte as one character, whatever the body is.
  const text = Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString("latin1");
  const found = new RegExp([...new Set(patterns)].join("|"), "g");
  return found.test(text) ? new Uint8Array(Buffer.from(text.replace(found, "[redacted]"), "latin1")) : body;
}

/** The same for text. */
export function redactText(text: string, secrets: readonly string[]): string {
  return new TextDecoder().decode(redact(new TextEncoder().encode(text), secrets));
}

/** A pattern for one character in every spelling, as it stands in bytes of UTF-8 read as Latin-1. */
function spellings(character: string): string {
  const bytes = [...new TextEncoder().encode(character)];
  const units = Array.from({ length: character.length }, (_, i) => character.charCodeAt(i));
  const code = character.codePointAt(0) ?? 0;
  const hex = (value: number, length: number) => anyCase(value.toString(16).padStart(length, "0"));
  const plain = bytes.map((byte) => `\\x${byte.toString(16).padStart(2, "0")}`).join("");
  return `(?:${
    [
      plain,
      `\\\\${plain}`,
      units.map((unit) => `\\\\u${hex(unit, 4)}`).join(""),
      bytes.map((byte) => `%${hex(byte, 2)}`).join(""),
      `&#(?:0*${code}|[xX]0*${hex(code, 1)});`,
    ].join("|")
  })`;
}

function anyCase(hex: string): string {
  return hex.replace(/[a-f]/g, (letter) => `[${letter}${letter.toUpperCase()}]`);
}
