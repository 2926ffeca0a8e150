import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { Secret } from "../secrets/mod.ts";
import { silentLogger } from "../telemetry/mod.ts";
import { NetworkError } from "./http_client.ts";
import {
  clientOf,
  close,
  closedPort,
  connectProxy,
  echoServer,
  pem,
  proxySecret,
  RawServer,
  readText,
  request,
  writeText,
} from "./test_servers.ts";

const notLoopback = () => false;

Deno.test("fetch() opens one connection for the first request to a cold origin", async () => {
  using server = new RawServer(async (conn) => {
    if (await readText(conn) === "") return close(conn);
    await writeText(conn, "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok");
  });
  using client = clientOf();
  assertEquals(await (await client.fetch(request(server.url))).text(), "ok");
  assertEquals(server.accepted, 1);
});

Deno.test("fetch() tries as often as it is told where nothing is sent, and pauses between", async () => {
  let tried = 0;
  let whenTried = Promise.withResolvers<void>();
  const log = {
    ...silentLogger,
    debug() {
      tried++;
      whenTried.resolve();
    },
  };
  using client = clientOf({}, { log });
  const asked = request(`http://127.0.0.1:${closedPort()}/secret`, { attempts: 3 });
  const failed = assertRejects(() => client.fetch(asked), NetworkError);
  for (const [n, pause] of [200, 400].entries()) {
    await whenTried.promise;
    whenTried = Promise.withResolvers();
    await client.clock.advance(pause - 1);
    assertEquals(tried, n + 1);
    await client.clock.advance(1);
  }
  const error = await failed;
  assertEquals([error.kind, error.sent, tried, client.clock.pending], ["unreachable", false, 3, 0]);
});

Deno.test("fetch() goes through the proxy's tunnel, with its login", async () => {
  await using server = echoServer(true);
  const heads: string[] = [];
  using proxy = connectProxy(heads);
  const httpsProxy = proxySecret(proxy.port, "us%40er:canary@");
  using client = clientOf({ httpsProxy, caCertificates: [pem("ca")] }, { isLoopback: notLoopback });
  const response = await client.fetch(request(`${server.url}/x`, { method: "POST", body: "hi" }));
  assertEquals((await response.json()).body, "hi");
  assertEquals(heads.length, 1);
  assertStringIncludes(heads.join(), `CONNECT 127.0.0.1:${server.port} `);
  assertStringIncludes(heads.join(), `Basic ${btoa("us@er:canary")}`);
});

Deno.test("fetch() never sends loopback through a proxy, nor what NO_PROXY names", async () => {
  await using server = echoServer(false);
  const heads: string[] = [];
  using proxy = connectProxy(heads);
  using loopback = clientOf({ httpProxy: proxySecret(proxy.port) });
  assertEquals((await (await loopback.fetch(request(server.url))).json()).body, "");
  using excepted = clientOf({ httpProxy: proxySecret(proxy.port), noProxy: ["127.0.0.0/8"] }, {
    isLoopback: notLoopback,
  });
  assertEquals((await (await excepted.fetch(request(server.url))).json()).body, "");
  assertEquals(proxy.accepted, 0);
});

Deno.test("fetch() goes directly when the proxy refuses the tunnel, and sends once", async () => {
  await using server = echoServer(true);
  const heads: string[] = [];
  using proxy = connectProxy(heads, "HTTP/1.1 502 Bad Gateway\r\ncontent-length: 0\r\n\r\n");
  const settings = { httpsProxy: proxySecret(proxy.port), caCertificates: [pem("ca")] };
  using client = clientOf(settings, { isLoopback: notLoopback });
  const ask = async () => (await client.fetch(request(server.url, { method: "POST", body: "hi" }))).json();
  assertEquals((await ask()).body, "hi");
  assertEquals((await ask()).body, "hi");
  assertEquals(heads.length, 1);
});

Deno.test("fetch() stays on the way that worked, and after five minutes one request tries the proxy again", async () => {
  await using server = echoServer(false);
  const heads: string[] = [];
  const serve = async (conn: Deno.Conn) => {
    heads.push(await readText(conn));
    await writeText(conn, "HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}");
    close(conn);
  };
  const port = closedPort();
  using client = clientOf({ httpProxy: proxySecret(port) }, { isLoopback: notLoopback });
  const ask = async () => (await client.fetch(request(server.url))).json();
  assertEquals((await ask()).body, "");
  using _proxy = new RawServer(serve, port);
  await client.clock.advance(299_999);
  assertEquals((await ask()).body, "");
  assertEquals(heads.length, 0);
  await client.clock.advance(1);
  await ask();
  assertEquals(heads.length, 1);
  await ask();
  assertEquals(heads.length, 2);
  assertStringIncludes(heads.join(), `GET ${server.url}/ HTTP/1.1`);
});

Deno.test("fetch() looks at a proxy that is still down only every five minutes", async () => {
  await using server = echoServer(false);
  let asked = 0;
  using proxy = new RawServer((conn) => {
    asked++;
    return Promise.resolve(close(conn));
  });
  await using secure = echoServer(true);
  const settings = { httpsProxy: proxySecret(proxy.port), caCertificates: [pem("ca")] };
  using client = clientOf(settings, { isLoopback: notLoopback });
  const ask = async () => (await client.fetch(request(secure.url))).json();
  for (const [pause, expected] of [[0, 1], [200_000, 1], [100_000, 2], [200_000, 2], [100_000, 3]] as const) {
    await client.clock.advance(pause);
    assertEquals((await ask()).body, "");
    assertEquals(asked, expected);
  }
  assertEquals((await (await client.fetch(request(server.url))).json()).body, "");
});

Deno.test("fetch() names every way that failed, and no login", async () => {
  const settings = { httpsProxy: proxySecret(closedPort(), "me:canary@") };
  using client = clientOf(settings, { isLoopback: notLoopback });
  const port = closedPort();
  const error = await assertRejects(() => client.fetch(request(`https://127.0.0.1:${port}/secret?q`)), NetworkError);
  assertStringIncludes(error.message, `127.0.0.1:${port} via proxy 127.0.0.1:`);
  assertStringIncludes(error.message, `127.0.0.1:${port} directly: the connection was refused.`);
  assertEquals(/canary|secret|me:/.test(error.message), false);
});

for (const tls of [false, true]) {
  Deno.test(`fetch() goes through a SOCKS proxy to ${tls ? "https" : "http"}`, async () => {
    await using server = echoServer(tls);
    using proxy = new RawServer(async (conn) => {
      await readText(conn);
      await conn.write(Uint8Array.of(5, 0));
      await readText(conn);
      const far = await Deno.connect({ hostname: "127.0.0.1", port: server.port });
      await conn.write(Uint8Array.of(5, 0, 0, 1, 127, 0, 0, 1, 0, 80));
      await Promise.all([
        conn.readable.pipeTo(far.writable).catch(() => close(far)),
        far.readable.pipeTo(conn.writable).catch(() => close(conn)),
      ]);
    });
    const address = new Secret(`socks5://127.0.0.1:${proxy.port}`);
    const settings = { httpProxy: address, httpsProxy: address, caCertificates: [pem("ca")] };
    using client = clientOf(settings, { isLoopback: notLoopback });
    const response = await client.fetch(request(server.url, { method: "POST", body: "hi" }));
    assertEquals((await response.json()).body, "hi");
    assertEquals(proxy.accepted, 1);
  });
}
