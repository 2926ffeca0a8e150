const encoder = new TextEncoder();
const REDACTED = encoder.encode("[redacted]");

/**
 * Replaces every occurrence of the credential in an error body, as it is and as JSON may spell it (`\/`), and leaves every
 * other byte alone: an upstream that echoes what it was sent must not hand our token to a client.
 */
export function redact(body: Uint8Array<ArrayBuffer>, secrets: readonly string[]): Uint8Array<ArrayBuffer> {
  let out = body;
  for (const secret of secrets) {
    if (secret === "") continue;
    for (const spelling of new Set([secret, secret.replaceAll("/", "\\/"), encodeURIComponent(secret)])) {
      out = replaceAll(out, encoder.encode(spelling));
    }
  }
  return out;
}

function replaceAll(bytes: Uint8Array<ArrayBuffer>, needle: Uint8Array): Uint8Array<ArrayBuffer> {
  const parts: Uint8Array[] = [];
  let from = 0;
  for (let at = indexOf(bytes, needle, 0); at !== -1; at = indexOf(bytes, needle, from)) {
    parts.push(bytes.subarray(from, at), REDACTED);
    from = at + needle.length;
  }
  if (parts.length === 0) return bytes;
  parts.push(bytes.subarray(from));
  const out = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    out.set(part, offset);
    offset += part.length;
  }
  return out;
}

function indexOf(bytes: Uint8Array, needle: Uint8Array, from: number): number {
  const first = needle[0] ?? 0;
  for (let at = bytes.indexOf(first, from); at !== -1; at = bytes.indexOf(first, at + 1)) {
    let i = 1;
    while (i < needle.length && bytes[at + i] === needle[i]) i++;
    if (i === needle.length) return at;
  }
  return -1;
}
