const encoder = new TextEncoder();

/**
 * Bytes that no other KV key has: for each part its type, its length (32 bits, big endian) and its content.
 *
 * @param label keeps the bytes of one use apart from those of another
 */
export function kvKeyBytes(label: string, key: Deno.KvKey): Uint8Array<ArrayBuffer> {
  const pieces = [frame("label", encoder.encode(label)), ...key.map(part)].flat();
  const bytes = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    bytes.set(piece, at);
    at += piece.length;
  }
  return bytes;
}

const TYPES = { label: 0, bytes: 1, string: 2, number: 3, bigint: 4, boolean: 5 } as const;

function part(value: Deno.KvKeyPart): Uint8Array[] {
  if (value instanceof Uint8Array) return frame("bytes", value);
  switch (typeof value) {
    case "string":
      return frame("string", encoder.encode(value));
    case "number": {
      const float = new DataView(new ArrayBuffer(8));
      float.setFloat64(0, value);
      return frame("number", new Uint8Array(float.buffer));
    }
    case "bigint":
      return frame("bigint", encoder.encode(value.toString()));
    case "boolean":
      return frame("boolean", Uint8Array.of(value ? 1 : 0));
    default:
      throw new TypeError("A KV key has a part of a type that Deno KV does not know");
  }
}

function frame(type: keyof typeof TYPES, content: Uint8Array): Uint8Array[] {
  const head = new DataView(new ArrayBuffer(5));
  head.setUint8(0, TYPES[type]);
  head.setUint32(1, content.length);
  return [new Uint8Array(head.buffer), content];
}
