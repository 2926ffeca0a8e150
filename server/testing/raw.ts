/** An answer as it came over a socket. */
export interface RawAnswer {
  readonly status: number;
  readonly headers: Headers;
  /** The body as text, chunks still framed. */
  readonly body: string;
}

/** Sends bytes as they stand and reads until the server closes. */
export async function sendRaw(url: URL, text: string | Uint8Array): Promise<RawAnswer> {
  using connection = await Deno.connect({ hostname: url.hostname.replace(/^\[(.*)\]$/, "$1"), port: Number(url.port) });
  await writeAll(connection, typeof text === "string" ? new TextEncoder().encode(text) : text);
  return parse(await readAll(connection));
}

/** A request's head: the request line and the headers, with an end of their own and `connection: close`. */
export function head(line: string, headers: readonly string[]): string {
  return [line, ...headers, "connection: close", "", ""].join("\r\n");
}

/** Writes all of `bytes`; a far side that has closed is no error. */
export async function writeAll(connection: Deno.TcpConn, bytes: Uint8Array): Promise<void> {
  try {
    for (let done = 0; done < bytes.length;) done += await connection.write(bytes.subarray(done));
  } catch {
    // The far side has heard enough.
  }
}

/** Reads until the far side closes or resets. */
export async function readAll(connection: Deno.TcpConn): Promise<string> {
  const decoder = new TextDecoder();
  const buffer = new Uint8Array(16_384);
  let text = "";
  try {
    for (let n = await connection.read(buffer); n !== null; n = await connection.read(buffer)) {
      text += decoder.decode(buffer.subarray(0, n), { stream: true });
    }
  } catch {
    // A reset ends it as well.
  }
  return text;
}

function parse(text: string): RawAnswer {
  const end = text.indexOf("\r\n\r\n");
  const [line = "", ...lines] = text.slice(0, end).split("\r\n");
  const headers = new Headers();
  for (const header of lines) {
    headers.append(header.slice(0, header.indexOf(":")), header.slice(header.indexOf(":") + 1));
  }
  return { status: Number(line.split(" ")[1]), headers, body: text.slice(end + 4) };
}
