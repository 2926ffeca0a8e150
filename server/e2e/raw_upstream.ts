/** One connection of the raw upstream, and the request that came on it. */
export interface Wire {
  /** The request's head, as it came. */
  readonly head: string;
  /** Its body. */
  readonly body: string;
  /** Writes text (as UTF-8) or bytes; a caller that has left is no error. */
  send(...parts: readonly (string | Uint8Array)[]): Promise<void>;
  /** Waits, or until the upstream is stopped. @param ms milliseconds */
  pause(ms: number): Promise<void>;
  /** Keeps the connection open and says nothing more, until the caller leaves or the upstream is stopped. */
  stall(): Promise<void>;
}

/** Answers one request in its own way; the connection is closed when it returns. */
export type Fault = (wire: Wire) => Promise<void>;

const encoder = new TextEncoder();
const MODELS = JSON.stringify({ object: "list", data: [{ id: "e2e", object: "model", created: 1, owned_by: "raw" }] });

/**
 * An upstream that writes bytes on a socket, so that it can break every rule of HTTP and SSE. The first message of a chat
 * request names the fault. Each connection carries one request.
 */
export class RawUpstream implements AsyncDisposable {
  readonly #listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  readonly #stopped = new AbortController();
  readonly #open = new Set<Promise<void>>();
  readonly #accepting: Promise<void>;

  constructor(private readonly faults: ReadonlyMap<string, Fault>) {
    this.#accepting = this.#accept();
  }

  get url(): string {
    return `http://127.0.0.1:${this.#listener.addr.port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopped.abort();
    this.#listener.close();
    await this.#accepting;
    await Promise.all(this.#open);
  }

  async #accept(): Promise<void> {
    try {
      for await (const connection of this.#listener) {
        const done = this.#serve(connection).finally(() => this.#open.delete(done));
        this.#open.add(done);
      }
    } catch {
      // The listener was closed.
    }
  }

  async #serve(connection: Deno.TcpConn): Promise<void> {
    const stopped = this.#stopped.signal;
    const close = () => {
      try {
        connection.close();
      } catch {
        // Closed already.
      }
    };
    stopped.addEventListener("abort", close);
    try {
      const request = await readRequest(connection);
      if (request === null) return;
      const wire = createWire(connection, request, stopped);
      if (request.head.startsWith("GET ")) {
        await wire.send(`HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${MODELS.length}\r\n`);
        await wire.send(`connection: close\r\n\r\n${MODELS}`);
        return;
      }
      const prompt = JSON.parse(request.body).messages[0].content;
      await this.faults.get(prompt)?.(wire);
    } catch {
      // The caller left in the middle of its request, or we are stopping.
    } finally {
      stopped.removeEventListener("abort", close);
      close();
    }
  }
}

interface RawRequest {
  readonly head: string;
  readonly body: string;
}

function createWire(connection: Deno.TcpConn, request: RawRequest, stopped: AbortSignal): Wire {
  return {
    ...request,
    async send(...parts) {
      for (const part of parts) {
        const bytes = typeof part === "string" ? encoder.encode(part) : part;
        for (let done = 0; done < bytes.length;) done += await connection.write(bytes.subarray(done));
      }
    },
    pause(ms) {
      const { promise, resolve } = Promise.withResolvers<void>();
      const timer = setTimeout(resolve, ms);
      stopped.addEventListener("abort", () => resolve(), { once: true });
      return promise.finally(() => clearTimeout(timer));
    },
    async stall() {
      const waste = new Uint8Array(1024);
      while (await connection.read(waste) !== null);
    },
  };
}

async function readRequest(connection: Deno.TcpConn): Promise<RawRequest | null> {
  const decoder = new TextDecoder("latin1");
  const buffer = new Uint8Array(65_536);
  let text = "";
  while (true) {
    const end = text.indexOf("\r\n\r\n");
    if (end >= 0) {
      const head = text.slice(0, end);
      const body = text.slice(end + 4);
      const length = Number(/^content-length: *(\d+)/im.exec(head)?.[1] ?? "0");
      if (/^transfer-encoding: *chunked/im.test(head)) {
        if (body.endsWith("0\r\n\r\n")) return { head, body: unchunk(body) };
      } else if (body.length >= length) return { head, body };
    }
    const count = await connection.read(buffer);
    if (count === null) return null;
    text += decoder.decode(buffer.subarray(0, count), { stream: true });
  }
}

function unchunk(body: string): string {
  let rest = body;
  let out = "";
  while (true) {
    const end = rest.indexOf("\r\n");
    const size = parseInt(rest.slice(0, end), 16);
    if (!(size > 0)) return out;
    out += rest.slice(end + 2, end + 2 + size);
    rest = rest.slice(end + 2 + size + 2);
  }
}
