// The mock upstream, over bare TCP: it must be faster than every side before it. It answers chat calls and, at /token, the
// refresh of a credential that then lives for a day.
import { announce } from "./announce.ts";
import { readRequest } from "./request_reader.ts";
import {
  blockOfChunks,
  CHUNKS_PER_BLOCK,
  JSON_ANSWER,
  pacedChunk,
  STREAM_END,
  streamHead,
  TOKEN_ANSWER,
} from "./answers.ts";

const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
announce(listener.addr as Deno.NetAddr); // a TCP listener has a TCP address

for await (const connection of listener) {
  connection.setNoDelay(true);
  // A client that leaves ends its connection with an error: that is its right.
  serve(connection).catch(() => {}).finally(() => connection.close());
}

async function serve(connection: Deno.TcpConn): Promise<void> {
  const block = blockOfChunks();
  for await (const request of readRequest(connection)) {
    if (request.startsWith("POST /token")) {
      await write(connection, TOKEN_ANSWER);
      continue;
    }
    const [, chunks = "0", pace = "0"] = /bench chunks=(\d+) pace=(\d+)/.exec(request) ?? [];
    if (chunks === "0") {
      await write(connection, JSON_ANSWER);
      continue;
    }
    await write(connection, streamHead());
    if (pace === "0") {
      for (let sent = 0; sent < Number(chunks); sent += CHUNKS_PER_BLOCK) await write(connection, block);
    } else {
      await writePaced(connection, Number(chunks), Number(pace));
    }
    await write(connection, STREAM_END[/"include_usage": ?true/.test(request) ? "withUsage" : "withoutUsage"]);
  }
}

/** Writes on a fixed schedule, so that one late chunk does not delay those after it. */
async function writePaced(connection: Deno.TcpConn, chunks: number, pace: number): Promise<void> {
  const begin = performance.now();
  for (let index = 1; index <= chunks; index++) {
    const wait = begin + index * pace - performance.now();
    if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
    await write(connection, pacedChunk());
  }
}

async function write(connection: Deno.TcpConn, bytes: Uint8Array): Promise<void> {
  for (let sent = 0; sent < bytes.length;) sent += await connection.write(bytes.subarray(sent));
}
