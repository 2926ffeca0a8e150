import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { Secret } from "../secrets/mod.ts";
import { createDial } from "./dial.ts";
import { NetworkError } from "./http_client.ts";
import { clientOf, echoServer, pem, RawServer, readText, request, settingsOf } from "./test_servers.ts";

const caCertificates = [pem("ca")];

Deno.test("dial() shakes hands with a server of a known issuer, and fetch() does too", async () => {
  await using server = echoServer(true);
  const signal = new AbortController().signal;
  await createDial(settingsOf())({ hostname: "127.0.0.1", port: server.port, tls: true }, signal);
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
  for (const dial of [undefined, () => Promise.resolve()]) {
    using client = clientOf({}, dial === undefined ? {} : { dial });
    const error = await assertRejects(() => client.fetch(request(`${server.url}/secret`)), NetworkError);
    assertEquals([error.kind, error.sent], ["unreachable", false]);
    assertStringIncludes(error.message, "issuer is not known. Set CA_FILE");
  }
});

Deno.test("fetch() says that the port does not speak TLS", async () => {
  using server = new RawServer(async (conn) => void await conn.write(new TextEncoder().encode("SSH-2.0-x\r\n")));
  using client = clientOf();
  const error = await assertRejects(() => client.fetch(request(`https://127.0.0.1:${server.port}`)), NetworkError);
  assertStringIncludes(error.message, "the TLS handshake failed");
});

Deno.test("fetch() ends a TLS handshake that stalls at the connect limit, and leaves nothing open", async () => {
  const greeted = Promise.withResolvers<Deno.Conn>();
  using server = new RawServer(async (conn) => {
    if (await readText(conn) !== "") greeted.resolve(conn);
  });
  using client = clientOf();
  const failed = assertRejects(() => client.fetch(request(`https://127.0.0.1:${server.port}`)), NetworkError);
  const conn = await greeted.promise;
  await client.clock.advance(2000);
  const error = await failed;
  assertEquals([error.kind, error.sent], ["unreachable", false]);
  assertEquals(await conn.read(new Uint8Array(1)), null);
});

Deno.test({
  name: "dial() stops a connect that stalls when it is told to",
  // Elsewhere a full backlog refuses instead of staying silent.
  ignore: Deno.build.os !== "linux",
  async fn() {
    const listener = Deno.listen({ hostname: "127.0.0.1", port: 0, tcpBacklog: 1 });
    const { port } = listener.addr;
    const held = await Promise.all([Deno.connect({ port }), Deno.connect({ port })]);
    const controller = new AbortController();
    const target = { hostname: "127.0.0.1", port, tls: false };
    const dialled = createDial(settingsOf())(target, controller.signal).then(() => "connected", () => "stopped");
    queueMicrotask(() => setTimeout(() => controller.abort(), 0));
    assertEquals(await dialled, "stopped");
    for (const conn of held) conn.close();
    listener.close();
  },
});

Deno.test("dial() says that a name is unknown", async () => {
  const target = { hostname: "nowhere.invalid", port: 1, tls: false };
  const dial = createDial(settingsOf());
  await assertRejects(() => dial(target, new AbortController().signal), Error);
  using client = clientOf();
  const error = await assertRejects(() => client.fetch(request("http://nowhere.invalid")), NetworkError);
  assertStringIncludes(error.message, "the name cannot be resolved");
});
