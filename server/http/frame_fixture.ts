/** What a frame is for (RFC 6455 §5.2). */
export const OPCODE = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;

/** A frame as it came, or as it goes out. */
export interface Frame {
  /** One of {@linkcode OPCODE}. */
  readonly opcode: number;
  /** What it carries, unmasked. */
  readonly payload: Uint8Array;
  /** Whether its message ends with it. @default true */
  readonly fin?: boolean;
}

/** What a close frame says. */
export interface Closing {
  /** 1005: the frame is empty. */
  readonly code: number;
  readonly reason: string;
}

const MASK = Uint8Array.of(0x12, 0x9a, 0x5c, 0xf3);

/** A client's frame on the wire: masked. */
export function encodeFrame({ opcode, payload, fin = true }: Frame): Uint8Array<ArrayBuffer> {
  const { length } = payload;
  const sizeBytes = length < 126 ? 0 : length < 65_536 ? 2 : 8;
  const start = 2 + sizeBytes + MASK.length;
  const bytes = new Uint8Array(start + length);
  const view = new DataView(bytes.buffer);
  bytes[0] = (fin ? 0x80 : 0) | opcode;
  bytes[1] = 0x80 | (sizeBytes === 0 ? length : sizeBytes === 2 ? 126 : 127);
  if (sizeBytes === 2) view.setUint16(2, length);
  if (sizeBytes === 8) view.setBigUint64(2, BigInt(length));
  bytes.set(MASK, 2 + sizeBytes);
  for (let i = 0; i < length; i++) bytes[start + i] = (payload[i] ?? 0) ^ (MASK[i % 4] ?? 0);
  return bytes;
}

/** A WebSocket client on a bare connection: it does what a decent client never does, and only what it is told. */
export class RawClient implements Disposable {
  /** The status of the answer to the handshake. */
  status = 0;
  /** The headers of that answer. */
  headers = new Headers();
  readonly #connection: Deno.TcpConn;
  readonly #encoder = new TextEncoder();
  readonly #decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  /** What was read and not yet used: from `#start` to `#end`. */
  #buffer = new Uint8Array(65_536);
  #start = 0;
  #end = 0;

  private constructor(connection: Deno.TcpConn) {
    this.#connection = connection;
  }

  /** Sends the head of a request and reads the head of its answer. Headers given replace the handshake's; "" leaves one out. */
  static async request(url: URL | string, headers: Readonly<Record<string, string>> = {}): Promise<RawClient> {
    const { hostname, port, host, pathname, search } = new URL(url);
    const client = new RawClient(
      await Deno.connect({ hostname: hostname.replace(/^\[(.*)\]$/, "$1"), port: Number(port) }),
    );
    const all = {
      host,
      upgrade: "websocket",
      connection: "Upgrade",
      "sec-websocket-version": "13",
      "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
      ...headers,
    };
    const lines = Object.entries(all).flatMap(([name, value]) => value === "" ? [] : `${name}: ${value}`);
    await client.bytes(client.#encoder.encode([`GET ${pathname}${search} HTTP/1.1`, ...lines, "", ""].join("\r\n")));
    await client.#readHead();
    return client;
  }

  /** Opens a WebSocket. @throws {Error} where the server answers otherwise */
  static async open(url: URL | string, headers: Readonly<Record<string, string>> = {}): Promise<RawClient> {
    const client = await RawClient.request(url, headers);
    if (client.status === 101) return client;
    client.vanish();
    throw new Error(`the handshake was answered by ${client.status}`);
  }

  /** Sends a text message, in as many frames as there are parts. */
  async text(...parts: readonly string[]): Promise<void> {
    await this.message(OPCODE.text, parts.map((part) => this.#encoder.encode(part)));
  }

  /** Sends a message in as many frames as there are parts; their bytes need not be valid. */
  async message(opcode: number, parts: readonly Uint8Array[]): Promise<void> {
    for (const [i, payload] of parts.entries()) {
      await this.frame({ opcode: i === 0 ? opcode : OPCODE.continuation, payload, fin: i === parts.length - 1 });
    }
  }

  /** Sends a close frame; an empty one without a code. */
  async close(code?: number, reason = ""): Promise<void> {
    const text = this.#encoder.encode(reason);
    const payload = new Uint8Array(code === undefined ? 0 : 2 + text.length);
    if (code !== undefined) {
      new DataView(payload.buffer).setUint16(0, code);
      payload.set(text, 2);
    }
    await this.frame({ opcode: OPCODE.close, payload });
  }

  /** Sends a frame. */
  async frame(frame: Frame): Promise<void> {
    await this.bytes(encodeFrame(frame));
  }

  /** Sends bytes as they stand. A server that has left is no error: what it said shows when reading. */
  async bytes(bytes: Uint8Array): Promise<void> {
    try {
      for (let done = 0; done < bytes.length;) done += await this.#connection.write(bytes.subarray(done));
    } catch {
      // It has heard enough.
    }
  }

  /** Reads the next frame, only now; null: the connection ended. */
  async next(): Promise<Required<Frame> | null> {
    if (!await this.#have(2)) return null;
    const [first = 0, second = 0] = this.#take(2);
    const sizeBytes = (second & 0x7f) === 126 ? 2 : (second & 0x7f) === 127 ? 8 : 0;
    if (!await this.#have(sizeBytes)) return null;
    const length = this.#take(sizeBytes).reduce((sum, byte) => sum * 256 + byte, sizeBytes === 0 ? second & 0x7f : 0);
    if (!await this.#have(length)) return null;
    return { opcode: first & 0x0f, fin: (first & 0x80) !== 0, payload: this.#take(length) };
  }

  /** Reads the next text message, past pings. @throws {Error} where something else comes */
  async nextText(): Promise<string> {
    let frame = await this.next();
    while (frame?.opcode === OPCODE.ping) frame = await this.next();
    if (frame?.opcode === OPCODE.text && frame.fin) return this.#decoder.decode(frame.payload);
    throw new Error(`no text came, but ${frame === null ? "the end" : `a frame with opcode ${frame.opcode}`}`);
  }

  /** Reads past all other frames to the close frame, and answers it; null: the connection ended without one. */
  async closed(): Promise<Closing | null> {
    for (let frame = await this.next(); frame !== null; frame = await this.next()) {
      if (frame.opcode !== OPCODE.close) continue;
      await this.frame({ opcode: OPCODE.close, payload: frame.payload });
      const { payload } = frame;
      if (payload.length < 2) return { code: 1005, reason: "" };
      const code = new DataView(payload.buffer, payload.byteOffset).getUint16(0);
      return { code, reason: this.#decoder.decode(payload.subarray(2)) };
    }
    return null;
  }

  /** Ends the connection without a word. */
  vanish(): void {
    try {
      this.#connection.close();
    } catch {
      // It has ended before.
    }
  }

  /** Vanishes. */
  [Symbol.dispose](): void {
    this.vanish();
  }

  async #readHead(): Promise<void> {
    let text = "";
    while (!text.endsWith("\r\n\r\n")) {
      if (!await this.#have(1)) throw new Error("the connection ended before an answer");
      text += String.fromCharCode(...this.#take(1));
    }
    const [line = "", ...lines] = text.trimEnd().split("\r\n");
    this.status = Number(line.split(" ")[1]);
    for (const header of lines) {
      this.headers.append(header.slice(0, header.indexOf(":")), header.slice(header.indexOf(":") + 1));
    }
  }

  /** Reads until `length` bytes are here; false: the connection ended before. */
  async #have(length: number): Promise<boolean> {
    while (this.#end - this.#start < length) {
      if (this.#start > 0) this.#buffer.copyWithin(0, this.#start, this.#end);
      this.#end -= this.#start;
      this.#start = 0;
      if (this.#buffer.length < length) {
        const larger = new Uint8Array(length);
        larger.set(this.#buffer);
        this.#buffer = larger;
      }
      // A reset ends it as well.
      const read = await this.#connection.read(this.#buffer.subarray(this.#end)).catch(() => null);
      if (read === null) return false;
      this.#end += read;
    }
    return true;
  }

  #take(length: number): Uint8Array<ArrayBuffer> {
    const bytes = this.#buffer.slice(this.#start, this.#start + length);
    this.#start += length;
    return bytes;
  }
}
