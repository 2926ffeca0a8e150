import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { brotliCompressSync, deflateSync, gzipSync } from "node:zlib";
import { settle } from "../effects/fake_clock.ts";
import { NetworkError } from "./http_client.ts";
import { clientOf, close, RawServer, readText, request, writeText } from "./test_servers.ts";

const OK = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";

/** A server that gives `answers` one after the other on each connection. */
function answering(...answers: readonly (string | Uint8Array<ArrayBuffer>)[]): RawServer {
  return new RawServer(async (conn) => {
    for (const answer of answers) {
      if (await readText(conn) === "") return close(conn);
      if (typeof answer === "string") await writeText(conn, answer);
      else await conn.write(answer);
    }
  });
}

async function broken(promise: Promise<unknown>): Promise<string> {
  const error = await assertRejects(() => promise, NetworkError);
  assertEquals([error.kind, error.sent], ["broken", true]);
  return error.message;
}

Deno.test("fetch() passes over interim answers", async () => {
  using server = answering(`HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n${OK}`);
  using client = clientOf();
  const response = await client.fetch(request(server.url));
  assertEquals([response.status, response.headers.get("link"), await response.text()], [200, null, "ok"]);
});

for (const status of ["101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade", "700 What", "abc"]) {
  Deno.test(`fetch() refuses an answer of status ${status.slice(0, 3)}`, async () => {
    using server = answering(`HTTP/1.1 ${status}\r\ncontent-length: 0\r\n\r\n`);
    using client = clientOf();
    await broken(client.fetch(request(server.url)));
  });
}

Deno.test("fetch() reads no body after HEAD and 204, and the next request is answered", async () => {
  using server = answering("HTTP/1.1 204 No Content\r\n\r\n", "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n");
  using client = clientOf();
  const none = await client.fetch(request(server.url));
  assertEquals([none.status, none.body], [204, null]);
  await settle();
  const head = await client.fetch(request(server.url, { method: "HEAD" }));
  assertEquals([head.status, head.body, head.headers.get("content-length")], [200, null, "9"]);
  assertEquals(server.accepted, 1);
  await settle();
  assertEquals((await client.fetch(request(server.url))).status, 204);
});

Deno.test("fetch() uses a connection again after a body was read, trailers and all", async () => {
  const chunked = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\ntrailer: x-t\r\n\r\n2\r\nok\r\n0\r\nx-t: 1\r\n\r\n";
  using server = answering(chunked, OK);
  using client = clientOf();
  for (let i = 0; i < 2; i++) {
    assertEquals(await (await client.fetch(request(server.url))).text(), "ok");
    await settle();
  }
  assertEquals(server.accepted, 1);
});

for (
  const [coding, packed] of [["gzip", gzipSync("hi")], ["deflate", deflateSync("hi")], [
    "BR",
    brotliCompressSync("hi"),
  ]] as const
) {
  Deno.test(`fetch() unpacks ${coding}`, async () => {
    const head = `HTTP/1.1 200 OK\r\ncontent-encoding: ${coding}\r\ncontent-length: ${packed.length}\r\n\r\n`;
    using server = answering(new Uint8Array([...new TextEncoder().encode(head), ...packed]));
    using client = clientOf();
    const response = await client.fetch(request(server.url));
    assertEquals([await response.text(), response.headers.get("content-encoding")], ["hi", null]);
  });
}

Deno.test("fetch() refuses a coding it does not know", async () => {
  using server = answering("HTTP/1.1 200 OK\r\ncontent-encoding: zstd\r\ncontent-length: 2\r\n\r\nxx");
  using client = clientOf();
  assertStringIncludes(await broken(client.fetch(request(server.url))), "content coding that was not asked for");
});

Deno.test("fetch() keeps repeated headers apart and takes letters outside ASCII", async () => {
  const head =
    "HTTP/1.1 200 OK\r\nset-cookie: a=1\r\nset-cookie: b=2\r\nx-name: caf\u00e9\r\ncontent-length: 0\r\n\r\n";
  using server = answering(Uint8Array.from(head, (letter) => letter.charCodeAt(0)));
  using client = clientOf();
  const { headers, body } = await client.fetch(request(server.url));
  assertEquals([headers.getSetCookie(), headers.get("x-name")], [["a=1", "b=2"], "caf\u00e9"]);
  await body?.cancel();
});

Deno.test("fetch() refuses headers that are too long", async () => {
  using server = answering(`HTTP/1.1 200 OK\r\nx: ${"a".repeat(20_000)}\r\ncontent-length: 0\r\n\r\n`);
  using client = clientOf();
  await broken(client.fetch(request(server.url)));
});

for (const value of ["a\r\nx-injected: secret", "snow \u2603 secret"]) {
  Deno.test(`fetch() refuses to send the header value ${JSON.stringify(value)}`, async () => {
    using server = answering(OK);
    using client = clientOf();
    const asked = request(server.url, { headers: { authorization: value } });
    const error = await assertRejects(() => client.fetch(asked), NetworkError);
    assertEquals([error.kind, error.sent, error.message.includes("secret")], ["unreachable", false, false]);
    assertStringIncludes(error.message, "what HTTP does not allow");
  });
}

Deno.test("fetch() gives all that came before a body breaks", async () => {
  const sent = Promise.withResolvers<void>();
  using server = new RawServer(async (conn) => {
    await readText(conn);
    await writeText(conn, "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\npart");
    close(conn);
    sent.resolve();
  });
  using client = clientOf();
  const response = await client.fetch(request(server.url));
  await sent.promise;
  await settle();
  const reader = response.body?.getReader();
  assertEquals(new TextDecoder().decode((await reader?.read())?.value), "part");
  assertStringIncludes(await broken(reader?.read() ?? Promise.resolve()), "ended within the answer");
});

Deno.test("fetch() hangs up at once when the reader cancels", async () => {
  const hungUp = Promise.withResolvers<string>();
  using server = new RawServer(async (conn) => {
    await readText(conn);
    await writeText(conn, "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\npart");
    hungUp.resolve(await readText(conn));
  });
  using client = clientOf();
  const reader = (await client.fetch(request(server.url))).body?.getReader();
  await reader?.read();
  await reader?.cancel();
  assertEquals(await hungUp.promise, "");
});

Deno.test("fetch() holds the far side back while nobody reads", async () => {
  const TOTAL = 100 * 1024 * 1024;
  let written = 0;
  using server = new RawServer(async (conn) => {
    await readText(conn);
    await writeText(conn, `HTTP/1.1 200 OK\r\ncontent-length: ${TOTAL}\r\n\r\n`);
    const block = new Uint8Array(64 * 1024);
    while (written < TOTAL) written += await conn.write(block);
  });
  using client = clientOf();
  const response = await client.fetch(request(server.url));
  for (let before = -1; before !== written;) {
    before = written;
    await settle();
    await settle();
  }
  // The system's own socket buffers take a few megabytes.
  assert(written < TOTAL / 4, `${written} bytes were taken`);
  let read = 0;
  let pinned = 0;
  for await (const chunk of response.body ?? []) {
    read += chunk.byteLength;
    pinned = Math.max(pinned, chunk.buffer.byteLength);
  }
  assertEquals(read, TOTAL);
  assert(pinned <= 128 * 1024, `a chunk holds ${pinned} bytes`);
});
