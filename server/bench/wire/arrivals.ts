import { blockOfChunks, STREAM_END, streamHead, TOKEN_ANSWER } from "../processes/answers.ts";

const decoder = new TextDecoder("latin1");
const encoder = new TextEncoder();

/** A mock upstream in the loader's own process, so that both read one clock. For one call at a time. */
export interface Arrivals {
  /** Without path. */
  readonly url: string;
  /** When the first byte of the last chat call came, on the clock of `performance.now()`. */
  readonly at: number;
  /** How many bytes the last chat call had. */
  readonly bytes: number;
  close(): void;
}

/** Answers chat calls by a short stream, and knows the models that are named. */
export function openArrivals(models: readonly string[]): Arrivals {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr as Deno.NetAddr; // a TCP listener has a TCP address
  const open = new Set<Deno.TcpConn>();
  const last = { at: NaN, bytes: NaN };
  const answers = {
    stream: joined([streamHead(), blockOfChunks(), STREAM_END.withUsage]),
    models: modelsAnswer(models),
  };
  const listening = (async () => {
    for await (const connection of listener) {
      open.add(connection);
      connection.setNoDelay(true);
      // The gate may end its connections as it likes.
      serve(connection).catch(() => {}).finally(() => open.delete(connection));
    }
  })();
  listening.catch(() => {});

  async function serve(connection: Deno.TcpConn): Promise<void> {
    const buffer = new Uint8Array(256 * 1024);
    for (;;) {
      let count = await connection.read(buffer);
      if (count === null) return;
      const at = performance.now();
      let seen = count;
      const head = decoder.decode(buffer.subarray(0, count));
      const [, length = "0"] = /\r\ncontent-length: *(\d+)/i.exec(head) ?? [];
      const size = head.indexOf("\r\n\r\n") + 4 + Number(length);
      while (seen < size) {
        count = await connection.read(buffer);
        if (count === null) return;
        seen += count;
      }
      const isChat = head.startsWith("POST /v1/chat/completions");
      if (isChat) Object.assign(last, { at, bytes: seen });
      await write(connection, isChat ? answers.stream : head.startsWith("GET") ? answers.models : TOKEN_ANSWER);
    }
  }

  return {
    url: `http://127.0.0.1:${port}`,
    get at() {
      return last.at;
    },
    get bytes() {
      return last.bytes;
    },
    close() {
      listener.close();
      for (const connection of open) connection.close();
    },
  };
}

function modelsAnswer(models: readonly string[]): Uint8Array {
  const body = JSON.stringify({ object: "list", data: models.map((id) => ({ id, object: "model" })) });
  const head = `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n`;
  return encoder.encode(head + body);
}

function joined(pieces: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}

async function write(connection: Deno.TcpConn, bytes: Uint8Array): Promise<void> {
  for (let sent = 0; sent < bytes.length;) sent += await connection.write(bytes.subarray(sent));
}
