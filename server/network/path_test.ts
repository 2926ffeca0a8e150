import { assertEquals, assertRejects, assertStrictEquals, assertStringIncludes } from "@std/assert";
import { settle } from "../effects/fake_clock.ts";
import type { DialTarget } from "./dial.ts";
import { NetworkError } from "./http_client.ts";
import {
  clientOf,
  close,
  connectProxy,
  echoServer,
  pem,
  proxySecret,
  RawServer,
  readText,
  request,
} from "./test_servers.ts";

const notLoopback = () => false;

/** A dial that writes down what it is asked and answers by `answer`. */
function recordingDial(answer: (target: DialTarget) => Promise<void> | void = () => {}) {
  const targets: DialTarget[] = [];
  const dial = async (target: DialTarget) => {
    targets.push(target);
    await answer(target);
  };
  return { targets, dial };
}

Deno.test("fetch() probes a cold origin once for all who wait, and a warm one not", async () => {
  await using server = echoServer(false);
  const gate = Promise.withResolvers<void>();
  const { dial, targets } = recordingDial(() => gate.promise);
  using client = clientOf({}, { dial });
  const ask = async () => (await client.fetch(request(server.url))).json();
  const asked = [ask(), ask(), ask()];
  await settle();
  gate.resolve();
  await Promise.all(asked);
  assertEquals(targets, [{ hostname: "127.0.0.1", port: server.port, tls: false }]);
  await client.clock.advance(59_000);
  await ask();
  await client.clock.advance(59_000);
  await ask();
  assertEquals(targets.length, 1);
  await client.clock.advance(60_000);
  await ask();
  assertEquals(targets.length, 2);
});

Deno.test("fetch() bounds the connect, tries as often as it is told, and pauses between", async () => {
  const { dial, targets } = recordingDial(() => new Promise(() => {}));
  using client = clientOf({}, { dial });
  const failed = assertRejects(() => client.fetch(request("http://model.test/secret", { attempts: 3 })), NetworkError);
  await client.clock.advance(1999);
  assertEquals(targets.length, 1);
  await client.clock.advance(200);
  assertEquals(targets.length, 1);
  await client.clock.advance(1);
  assertEquals(targets.length, 2);
  await client.clock.advance(2000 + 400 + 2000);
  const error = await failed;
  assertEquals([targets.length, error.kind, error.sent], [3, "unreachable", false]);
  assertStringIncludes(error.message, "Cannot reach model.test:80 directly: no connection within 2 s.");
  assertEquals(client.clock.pending, 0);
});

Deno.test("fetch() leaves a shared probe to the others when one caller aborts", async () => {
  await using server = echoServer(false);
  const gate = Promise.withResolvers<void>();
  const { dial } = recordingDial(() => gate.promise);
  using client = clientOf({}, { dial });
  const controller = new AbortController();
  const reason = new Error("left");
  const leaver = client.fetch(request(server.url, { signal: controller.signal })).catch((why) => why);
  const stayer = client.fetch(request(server.url));
  await settle();
  controller.abort(reason);
  assertStrictEquals(await leaver, reason);
  gate.resolve();
  assertEquals((await (await stayer).json()).body, "");
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

Deno.test("fetch() stays on the way that worked and looks at the proxy again after five minutes", async () => {
  await using server = echoServer(false);
  const heads: string[] = [];
  using proxy = new RawServer(async (conn) => {
    const head = await readText(conn);
    if (head !== "") heads.push(head);
    await conn.write(new TextEncoder().encode("HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}"));
    close(conn);
  });
  let proxyUp = false;
  const { dial, targets } = recordingDial(({ port }) => {
    if (port === proxy.port && !proxyUp) throw new Error("Connection refused");
  });
  using client = clientOf({ httpProxy: proxySecret(proxy.port) }, { dial, isLoopback: notLoopback });
  const ask = async () => (await client.fetch(request(server.url))).json();
  await ask();
  assertEquals(targets.map(({ port }) => port), [proxy.port, server.port]);
  await ask();
  assertEquals(targets.length, 2);
  proxyUp = true;
  await client.clock.advance(5 * 60_000);
  await ask();
  await settle();
  assertEquals([heads.length, targets.length], [0, 4]);
  await ask();
  assertEquals(heads.length, 1);
  assertStringIncludes(heads.join(), `GET ${server.url}/ HTTP/1.1`);
});

Deno.test("fetch() names every way that failed, and no login", async () => {
  const { dial } = recordingDial(() => {
    throw new Error("Connection refused (os error 111)");
  });
  using client = clientOf({ httpsProxy: proxySecret(3128, "me:canary@") }, { dial });
  const error = await assertRejects(() => client.fetch(request("https://model.test/secret?q")), NetworkError);
  assertStringIncludes(error.message, "model.test:443 via proxy 127.0.0.1:3128: the connection was refused.");
  assertStringIncludes(error.message, "model.test:443 directly: the connection was refused.");
  assertEquals(/canary|secret|me:/.test(error.message), false);
});
