/** Receives a piece of a response body: valid only during the call. */
export type BodyReader = (bytes: Uint8Array) => void;

const latin1 = new TextDecoder("latin1");
const CR = 13;
const LF = 10;

/**
 * One HTTP/1.1 keep-alive connection over bare TCP: the loader must cost less than what it measures. It reads bodies with a length and
 * chunked ones, one request at a time.
 */
export class Connection {
  readonly #connection: Deno.TcpConn;
  readonly #buffer: Uint8Array;
  #start = 0;
  #end = 0;

  private constructor(connection: Deno.TcpConn, bufferSize: number) {
    this.#connection = connection;
    this.#buffer = new Uint8Array(bufferSize);
  }

  static async open(url: string, bufferSize = 64 * 1024): Promise<Connection> {
    const { hostname, port } = new URL(url);
    const connection = await Deno.connect({ hostname, port: Number(port) });
    connection.setNoDelay(true);
    return new Connection(connection, bufferSize);
  }

  /** Sends a request made by `request()` and reads its whole answer. Returns the status; a lost connection throws. */
  async exchange(bytes: Uint8Array, onBody: BodyReader = ignore): Promise<number> {
    for (let sent = 0; sent < bytes.length;) sent += await this.#connection.write(bytes.subarray(sent));
    let end = this.#findHeadEnd();
    while (end < 0) {
      await this.#fill();
      end = this.#findHeadEnd();
    }
    const head = latin1.decode(this.#buffer.subarray(this.#start, end));
    this.#start = end + 4;
    if (/\r\ntransfer-encoding: *chunked/i.test(head)) {
      await this.#readChunked(onBody);
    } else {
      const length = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1];
      if (length === undefined) throw new Error("The answer has no length: " + head.split("\r\n", 1)[0]);
      await this.#readBytes(Number(length), onBody);
    }
    return Number(head.slice(9, 12));
  }

  close(): void {
    this.#connection.close();
  }

  async #readChunked(onBody: BodyReader): Promise<void> {
    for (;;) {
      const size = parseInt(await this.#readLine(), 16);
      if (size > 0) await this.#readBytes(size, onBody);
      await this.#readLine();
      if (size === 0) return;
    }
  }

  async #readLine(): Promise<string> {
    let from = this.#start;
    for (;;) {
      const end = this.#buffer.indexOf(LF, from);
      if (end >= 0 && end < this.#end) {
        let line = "";
        for (let at = this.#start; at < end; at++) {
          const code = this.#buffer[at];
          if (code !== undefined && code !== CR) line += String.fromCharCode(code);
        }
        this.#start = end + 1;
        return line;
      }
      await this.#fill();
      from = this.#start;
    }
  }

  async #readBytes(length: number, onBody: BodyReader): Promise<void> {
    for (let left = length; left > 0;) {
      if (this.#start === this.#end) await this.#fill();
      const taken = Math.min(left, this.#end - this.#start);
      onBody(this.#buffer.subarray(this.#start, this.#start + taken));
      this.#start += taken;
      left -= taken;
    }
  }

  #findHeadEnd(): number {
    for (let at = this.#start; at + 3 < this.#end; at++) {
      if (this.#buffer[at] === CR && this.#buffer[at + 2] === CR && this.#buffer[at + 3] === LF) return at;
    }
    return -1;
  }

  async #fill(): Promise<void> {
    if (this.#start > 0) {
      this.#buffer.copyWithin(0, this.#start, this.#end);
      this.#end -= this.#start;
      this.#start = 0;
    }
    const count = await this.#connection.read(this.#buffer.subarray(this.#end));
    if (count === null) throw new Error("The server closed the connection");
    this.#end += count;
  }
}

function ignore(): void {}
