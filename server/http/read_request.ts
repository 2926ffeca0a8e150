import { GatehouseError } from "../errors/mod.ts";

/**
 * Reads a request's body, stopping as soon as it is too long.
 *
 * @param maxBytes the longest body that is read
 * @throws {GatehouseError} `body_too_large`, `client_closed_request`
 */
export async function readRequestBody(request: Request, maxBytes: number): Promise<Uint8Array<ArrayBuffer>> {
  const declared = request.headers.get("content-length");
  if (declared !== null && Number(declared) > maxBytes) throw tooLarge(maxBytes);
  try {
    // The server holds the client to the length that it declared; chunks go by their own (RFC 9112 section 6.3).
    if (declared !== null && !request.headers.has("transfer-encoding")) return await request.bytes();
    return await readCounted(request.body, maxBytes);
  } catch (error) {
    if (error instanceof GatehouseError) throw error;
    throw new GatehouseError("client_closed_request", "The client left before its body was read");
  }
}

async function readCounted(
  body: ReadableStream<Uint8Array> | null,
  maxBytes: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const part of body ?? []) {
    length += part.length;
    if (length > maxBytes) throw tooLarge(maxBytes);
    parts.push(part);
  }
  const bytes = new Uint8Array(length);
  let offset = 0;
  for (const part of parts) {
    bytes.set(part, offset);
    offset += part.length;
  }
  return bytes;
}

/**
 * Holds a request to JSON. A missing content type passes, as OpenAI's API lets it.
 *
 * @throws {GatehouseError} `unsupported_media_type`
 */
export function demandJson(request: Request): void {
  const type = request.headers.get("content-type");
  if (type === null || /^application\/(?:[\w.+-]+\+)?json\s*(?:;|$)/i.test(type)) return;
  throw new GatehouseError(
    "unsupported_media_type",
    `Cannot read this request: its content type is ${JSON.stringify(type.slice(0, 100))}; send application/json`,
  );
}

function tooLarge(maxBytes: number): GatehouseError {
  return new GatehouseError(
    "body_too_large",
    `Cannot read this request: its body is longer than ${maxBytes} bytes, which is the most that this route takes (MAX_BODY_BYTES bounds them all); send less`,
  );
}
