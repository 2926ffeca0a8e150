import {
  assert,
  assertEquals,
  assertNotMatch,
  assertRejects,
  assertStrictEquals,
  assertStringIncludes,
} from "@std/assert";
import { gzipSync } from "node:zlib";
import { settle } from "../effects/fake_clock.ts";
import { NetworkError } from "./http_client.ts";
import { clientOf, close, echoServer, RawServer, readText, request, writeText } from "./test_servers.ts";

const OK = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";

/** The rejection as a NetworkError that names nothing of path, query or user info. */
async function failure(promise: Promise<Response>): Promise<NetworkError> {
  const error = await assertRejects(() => promise, NetworkError);
  assertNotMatch(error.message, /secret|canary/);
  assertEquals(error.cause, undefined);
  return error;
}

Deno.test("fetch() sends method, headers and body, and asks for identity", async () => {
  await using server = echoServer(false);
  using client = clientOf();
  const headers = new Headers({ "content-type": "application/json", "accept-encoding": "gzip" });
  const response = await client.fetch(request(`${server.url}/a?b=c`, { method: "POST", headers, body: "{}" }));
  const seen = await response.json();
  assertEquals([seen.url, seen.body], [`${server.url}/a?b=c`, "{}"]);
  assertEquals(seen.headers["accept-encoding"], "identity");
  assertEquals(seen.headers["content-type"], "application/json");
  assertEquals(seen.headers["content-length"], "2");
});

Deno.test("fetch() follows no redirect", async () => {
  using server = new RawServer(async (conn) => {
    if (await readText(conn) === "") return close(conn);
    await writeText(conn, "HTTP/1.1 302 Found\r\nlocation: /elsewhere\r\ncontent-length: 0\r\n\r\n");
  });
  using client = clientOf();
  const response = await client.fetch(request(server.url));
  assertEquals([response.status, response.headers.get("location")], [302, "/elsewhere"]);
  await response.body?.cancel();
});

Deno.test("fetch() gives an answer that was packed in spite of all unpacked and without its headers", async () => {
  using server = new RawServer(async (conn) => {
    if (await readText(conn) === "") return close(conn);
    const packed = gzipSync("hello");
    await writeText(conn, `HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: ${packed.length}\r\n\r\n`);
    await conn.write(packed);
  });
  using client = clientOf();
  const response = await client.fetch(request(server.url));
  assertEquals(await response.text(), "hello");
  assertEquals([response.headers.get("content-encoding"), response.headers.get("content-length")], [null, null]);
});

for (const body of ["payload", undefined]) {
  Deno.test(`fetch() sends a POST ${body === undefined ? "without" : "with"} body once when the connection breaks`, async () => {
    let requests = 0;
    using server = new RawServer(async (conn) => {
      if (await readText(conn) !== "") requests++;
      close(conn);
    });
    using client = clientOf();
    const asked = request(`${server.url}/secret?canary=1`, { method: "POST", attempts: 3, ...(body && { body }) });
    const error = await failure(client.fetch(asked));
    assertEquals([error.kind, error.sent, requests], ["broken", true, 1]);
    assertStringIncludes(error.message, `127.0.0.1:${server.port} directly`);
  });
}

Deno.test("fetch() takes a new connection when the kept one was closed", async () => {
  let first: Deno.Conn | null = null;
  using server = new RawServer(async (conn) => {
    if (await readText(conn) === "") return close(conn);
    await writeText(conn, OK);
    first ??= conn;
  });
  using client = clientOf();
  const ask = async () => (await client.fetch(request(server.url, { method: "POST", body: "x" }))).text();
  assertEquals(await ask(), "ok");
  if (first !== null) close(first);
  await settle();
  assertEquals(await ask(), "ok");
});

Deno.test("fetch() fails unreachable and unsent where nothing listens", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  listener.close();
  using client = clientOf();
  const error = await failure(client.fetch(request(`http://user:secret@127.0.0.1:${port}/canary`)));
  assertEquals([error.kind, error.sent], ["unreachable", false]);
  assertStringIncludes(error.message, `Cannot reach 127.0.0.1:${port} directly: the connection was refused.`);
});

Deno.test("fetch() says so when a warm origin no longer listens", async () => {
  using server = new RawServer(async (conn) => {
    if (await readText(conn) === "") return close(conn);
    await writeText(conn, "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 2\r\n\r\nok");
    close(conn);
  });
  using client = clientOf();
  assertEquals(await (await client.fetch(request(server.url))).text(), "ok");
  server[Symbol.dispose]();
  const error = await failure(client.fetch(request(server.url, { method: "POST", body: "x" })));
  assertEquals([error.kind, error.sent], ["unreachable", false]);
});

Deno.test("fetch() never cuts a slow first byte by the connect limit", async () => {
  const asked = Promise.withResolvers<Deno.Conn>();
  using server = new RawServer(async (conn) => {
    if (await readText(conn) === "") return close(conn);
    asked.resolve(conn);
  });
  using client = clientOf();
  const answer = client.fetch(request(server.url, { silence: 120_000 }));
  const conn = await asked.promise;
  await client.clock.advance(60_000);
  await writeText(conn, OK);
  assertEquals(await (await answer).text(), "ok");
  await client.clock.advance(1000);
  assertEquals(client.clock.pending, 0);
});

Deno.test("fetch() gives up after the silence, as sent, and hangs up", async () => {
  const asked = Promise.withResolvers<void>();
  const hungUp = Promise.withResolvers<string>();
  using server = new RawServer(async (conn) => {
    if (await readText(conn) === "") return close(conn);
    asked.resolve();
    hungUp.resolve(await readText(conn));
  });
  using client = clientOf();
  const failed = failure(client.fetch(request(`${server.url}/secret`, { silence: 5000, attempts: 3 })));
  await asked.promise;
  await client.clock.advance(5500); // late by a tenth at most
  const error = await failed;
  assertEquals([error.kind, error.sent], ["silent", true]);
  assertStringIncludes(error.message, "within 5 s");
  assertEquals(await hungUp.promise, "");
});

Deno.test("fetch() rejects with the signal's own reason and hangs up", async () => {
  const asked = Promise.withResolvers<void>();
  const hungUp = Promise.withResolvers<string>();
  using server = new RawServer(async (conn) => {
    if (await readText(conn) === "") return close(conn);
    asked.resolve();
    hungUp.resolve(await readText(conn));
  });
  using client = clientOf();
  const controller = new AbortController();
  const reason = { left: true };
  const answer = client.fetch(request(server.url, { silence: 5000, signal: controller.signal })).catch((why) => why);
  await asked.promise;
  controller.abort(reason);
  assertStrictEquals(await answer, reason);
  assertEquals(await hungUp.promise, "");
  await client.clock.advance(1000);
  assertEquals(client.clock.pending, 0);
  assertStrictEquals(
    await client.fetch(request(server.url, { signal: controller.signal })).catch((why) => why),
    reason,
  );
});

Deno.test("fetch() says what it heard is no HTTP", async () => {
  using server = new RawServer(async (conn) => {
    if (await readText(conn) === "") return close(conn);
    await writeText(conn, "garbage\r\n\r\n");
  });
  using client = clientOf();
  const error = await failure(client.fetch(request(server.url)));
  assertEquals([error.kind, error.sent], ["broken", true]);
});

Deno.test("close() ends a fetch that waits for its connection, and every later one", async () => {
  const greeted = Promise.withResolvers<Deno.Conn>();
  using server = new RawServer(async (conn) => {
    if (await readText(conn) !== "") greeted.resolve(conn);
  });
  const client = clientOf();
  const failed = failure(client.fetch(request(`https://127.0.0.1:${server.port}`, { attempts: 3 })));
  const conn = await greeted.promise;
  client.close();
  assertEquals((await failed).sent, false);
  assertEquals(await readText(conn), "");
  assert((await failure(client.fetch(request(server.url)))).message.includes("closed"));
  assertEquals(client.clock.pending, 0);
});
