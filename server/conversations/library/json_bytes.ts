const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** A value as JSON in UTF-8: half of what Deno KV makes of a string that is not Latin. Lone surrogates stay as they are. */
export function toJsonBytes(value: unknown): Uint8Array<ArrayBuffer> {
  return encoder.encode(JSON.stringify(value));
}

/** The value again; undefined: it is no JSON. */
export function fromJsonBytes(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(decoder.decode(bytes));
  } catch {
    return undefined;
  }
}
