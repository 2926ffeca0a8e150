/** Whether something else than the end of the connection tells where the body ends (RFC 9112 §6.3). */
export function isFramed({ headers }: Response): boolean {
  return headers.has("content-length") || headers.has("transfer-encoding");
}

/** In place of a body that is not there. */
export function emptyBody(): ReadableStream<Uint8Array> {
  return new ReadableStream({ start: (controller) => controller.close() });
}
