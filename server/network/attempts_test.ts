import { assertEquals, assertRejects, assertStringIncludes, fail } from "@std/assert";
import { Secret } from "../secrets/mod.ts";
import { type HttpClient, NetworkError, type OutgoingRequest } from "./http_client.ts";
import {
  clientOf,
  connectProxy,
  echoServer,
  pem,
  proxySecret,
  RawServer,
  readText,
  request,
  timerSet,
  writeText,
} from "./test_servers.ts";

const caCertificates = [pem("ca")];
const LATE = "no connection within 2 s. Check host, VPN and proxy settings, or raise CONNECTION_TIMEOUT.";

async function failure(client: HttpClient, asked: OutgoingRequest): Promise<NetworkError> {
  const error = await assertRejects(() => client.fetch(asked), NetworkError);
  assertEquals([error.kind, error.sent], ["unreachable", false]);
  return error;
}

/** A server that stays silent after it has heard something; `heard` gives those connections one by one. */
class MuteServer extends RawServer {
  readonly #heard: ReadableStreamDefaultReader<Deno.Conn>;

  constructor() {
    const { readable, writable } = new TransformStream<Deno.Conn, Deno.Conn>();
    const writer = writable.getWriter();
    super(async (conn) => {
      if (await readText(conn) !== "") await writer.write(conn);
    });
    this.#heard = readable.getReader();
  }

  async heard(): Promise<Deno.Conn> {
    const { value } = await this.#heard.read();
    return value ?? fail("the server has ended");
  }
}

Deno.test("fetch() shakes hands with a server of a known issuer", async () => {
  await using server = echoServer(true);
  using client = clientOf({ caCertificates });
  assertEquals((await (await client.fetch(request(server.url))).json()).body, "");
  const byName = await client.fetch(request(`https://localhost:${server.port}/`));
  assertEquals((await byName.json()).body, "");
});

Deno.test("fetch() works where a client certificate is configured", async () => {
  await using server = echoServer(true);
  const clientCertificate = { certificate: pem("client"), key: new Secret(pem("client.key")) };
  using client = clientOf({ caCertificates, clientCertificate });
  assertEquals((await (await client.fetch(request(server.url))).json()).body, "");
});

Deno.test("fetch() names CA_FILE when the issuer is not known, and sends nothing", async () => {
  await using server = echoServer(true);
  using client = clientOf();
  const { message } = await failure(client, request(`${server.url}/secret`));
  assertStringIncludes(message, "issuer is not known. Set CA_FILE");
});

Deno.test("fetch() says that the port does not speak TLS", async () => {
  using server = new RawServer((conn) => writeText(conn, "SSH-2.0-x\r\n"));
  using client = clientOf();
  const { message } = await failure(client, request(`https://127.0.0.1:${server.port}`));
  assertStringIncludes(message, "the TLS handshake failed");
});

Deno.test("fetch() says that a name is unknown", async () => {
  using client = clientOf();
  const { message } = await failure(client, request("http://nowhere.invalid"));
  assertStringIncludes(message, "the name cannot be resolved");
});

Deno.test("fetch() gives up a TLS handshake that stalls at the connect limit, and hangs up", async () => {
  using server = new MuteServer();
  using client = clientOf();
  const failed = failure(client, request(`https://127.0.0.1:${server.port}`));
  const conn = await server.heard();
  await client.clock.advance(1999);
  assertEquals(client.clock.pending, 1);
  await client.clock.advance(1);
  assertStringIncludes((await failed).message, `Cannot reach 127.0.0.1:${server.port} directly: ${LATE}`);
  assertEquals(await readText(conn), "");
  assertEquals(client.clock.pending, 0);
});

Deno.test("fetch() gives up a CONNECT that stalls at the connect limit, and hangs up", async () => {
  using proxy = new MuteServer();
  using client = clientOf({ httpsProxy: proxySecret(proxy.port) });
  const failed = failure(client, request("https://nowhere.invalid/"));
  const conn = await proxy.heard();
  await client.clock.advance(2000);
  assertStringIncludes((await failed).message, `via proxy 127.0.0.1:${proxy.port}: ${LATE}`);
  assertEquals(await readText(conn), "");
  assertEquals(client.clock.pending, 0);
});

Deno.test("fetch() gives up a TLS handshake that stalls within a tunnel, and hangs up", async () => {
  using server = new MuteServer();
  using proxy = connectProxy([]);
  const settings = { httpsProxy: proxySecret(proxy.port) };
  using client = clientOf(settings, { isLoopback: () => false });
  const failed = failure(client, request(`https://127.0.0.1:${server.port}`));
  const tunnelled = await server.heard();
  await client.clock.advance(2000);
  assertEquals(await readText(tunnelled), "");
  await server.heard();
  await client.clock.advance(2000);
  const { message } = await failed;
  assertStringIncludes(message, `via proxy 127.0.0.1:${proxy.port}: ${LATE}`);
  assertStringIncludes(message, `directly: ${LATE}`);
  assertEquals(client.clock.pending, 0);
});

Deno.test("fetch() gives up a TLS handshake with the proxy that stalls, and hangs up", async () => {
  using proxy = new MuteServer();
  // Addresses are no server names (RFC 6066, 3), and undici would send one.
  using client = clientOf({ httpsProxy: new Secret(`https://localhost:${proxy.port}`) });
  const failed = failure(client, request("https://nowhere.invalid/"));
  const conn = await proxy.heard();
  await client.clock.advance(2000);
  assertStringIncludes((await failed).message, `via proxy localhost:${proxy.port}: ${LATE}`);
  assertEquals(await readText(conn), "");
  assertEquals(client.clock.pending, 0);
});

Deno.test({
  name: "fetch() gives up a TCP connect that stalls at the connect limit",
  // Elsewhere a full backlog refuses instead of staying silent.
  ignore: Deno.build.os !== "linux",
  async fn() {
    const listener = Deno.listen({ hostname: "127.0.0.1", port: 0, tcpBacklog: 1 });
    const { port } = listener.addr;
    const held = await Promise.all([Deno.connect({ port }), Deno.connect({ port })]);
    using client = clientOf();
    const failed = failure(client, request(`http://127.0.0.1:${port}`));
    await timerSet(client.clock);
    await client.clock.advance(2000);
    assertStringIncludes((await failed).message, LATE);
    for (const conn of held) conn.close();
    listener.close();
  },
});

Deno.test("fetch() aborts at once while the connection is being made", async () => {
  using server = new MuteServer();
  using client = clientOf();
  const controller = new AbortController();
  const asked = request(`https://127.0.0.1:${server.port}`, { signal: controller.signal });
  const answer = client.fetch(asked).catch((why) => why);
  const conn = await server.heard();
  const reason = new Error("left");
  controller.abort(reason);
  assertEquals(await answer, reason);
  await client.clock.advance(2000);
  assertEquals(await readText(conn), "");
});

Deno.test("fetch() gives up a SOCKS handshake that stalls at the connect limit, and hangs up", async () => {
  using proxy = new MuteServer();
  using client = clientOf({ httpProxy: new Secret(`socks5h://127.0.0.1:${proxy.port}`) });
  const failed = failure(client, request("http://nowhere.invalid/"));
  const conn = await proxy.heard();
  await client.clock.advance(2000);
  assertStringIncludes((await failed).message, `via proxy 127.0.0.1:${proxy.port}: ${LATE}`);
  assertEquals(await readText(conn), "");
  assertEquals(client.clock.pending, 0);
});
