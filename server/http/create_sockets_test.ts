import { assertEquals, assertStringIncludes } from "@std/assert";
import { encodeFrame, OPCODE, RawClient } from "./frame_fixture.ts";
import { serveSockets, type SocketServer } from "./sockets_fixture.ts";

const MIB = 1024 * 1024;

/** A client and its handler. */
async function connect(server: SocketServer) {
  const client = await RawClient.open(server.url);
  return { client, ear: await server.opened() };
}

/** Resolves when the signal is aborted, with its reason. */
function aborted(signal: AbortSignal): Promise<unknown> {
  if (signal.aborted) return Promise.resolve(signal.reason);
  return new Promise((resolve) => signal.addEventListener("abort", () => resolve(signal.reason), { once: true }));
}

Deno.test("createSockets() carries text both ways, in order, with Deno's own client", async () => {
  await using server = serveSockets();
  const client = new WebSocket(server.url);
  const came: unknown[] = [];
  client.onopen = () => ["a", "é".repeat(40_000), ""].forEach((text) => client.send(text));
  client.onmessage = ({ data }) => {
    if (came.push(data) === 3) client.close(1000, "enough");
  };
  const closed = Promise.withResolvers<CloseEvent>();
  client.onclose = closed.resolve;
  const ear = await server.opened();
  ear.answer = (text) => ear.socket.send(`${text}!`);
  const { code, wasClean } = await closed.promise;
  assertEquals([code, wasClean, came], [1000, true, ["a!", `${"é".repeat(40_000)}!`, "!"]]);
  await aborted(ear.socket.signal);
  assertEquals([server.sockets.open, server.clock.pending], [0, 0]);
});

Deno.test("createSockets() asks Deno for a ping after 30 s of silence", async () => {
  await using server = serveSockets();
  using _client = (await connect(server)).client;
  assertEquals(server.links.map(({ options }) => options), [{ idleTimeout: 60 }]);
});

Deno.test("a client that answers pings stays, one that does not is closed, and its signal aborted", async () => {
  await using server = serveSockets({ idleTimeout: 0.1 });
  const { client, ear } = await connect(server);
  using _ = client;
  for (let i = 0; i < 3; i++) {
    const ping = await client.next();
    assertEquals(ping?.opcode, OPCODE.ping);
    await client.frame({ opcode: OPCODE.pong, payload: ping?.payload ?? new Uint8Array() });
  }
  assertEquals(ear.socket.signal.aborted, false);
  assertEquals((await client.closed())?.code, 1001);
  await aborted(ear.socket.signal);
  assertEquals(server.sockets.open, 0);
});

Deno.test("accept() answers what is no handshake by an error, and opens nothing", async () => {
  await using server = serveSockets();
  const plain = await fetch(server.url);
  assertEquals([plain.status, plain.headers.get("upgrade")], [426, "websocket"]);
  assertStringIncludes(await plain.text(), '"code":"upgrade_required"');
  for (
    const [headers, status] of [
      [{ upgrade: "", connection: "close" }, 426],
      [{ "sec-websocket-version": "12" }, 426],
      [{ "sec-websocket-key": "" }, 400],
      [{ connection: "keep-alive" }, 400],
    ] as const
  ) {
    using client = await RawClient.request(server.url, headers);
    assertEquals(client.status, status, JSON.stringify(headers));
  }
  assertEquals([server.sockets.open, server.links.length], [0, 0]);
});

Deno.test("accept() chooses bearer, never shows the token, and lets the front set headers", async () => {
  await using server = serveSockets();
  for (const offer of ["bearer, t0ken", "bearer,t0ken"]) {
    using client = await RawClient.open(server.url, { "sec-websocket-protocol": offer });
    assertEquals([...client.headers].filter(([, value]) => value.includes("t0ken")), []);
    assertEquals(client.headers.get("sec-websocket-protocol"), "bearer");
    assertEquals(client.headers.get("x-request-id"), "request-1");
    assertEquals(client.headers.get("sec-websocket-accept"), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
  }
  const own = new WebSocket(server.url, ["bearer", "t0ken"]);
  await new Promise((resolve) => own.onopen = resolve);
  assertEquals(own.protocol, "bearer");
  own.close();
  using other = await RawClient.open(server.url, { "sec-websocket-protocol": "chat" });
  assertEquals(other.headers.has("sec-websocket-protocol"), false);
});

Deno.test("frames of 1 MiB pass, whole or in fragments, and one byte more closes with 1009", async () => {
  await using server = serveSockets();
  const texts = ["x".repeat(MIB), "é".repeat(MIB / 2), "€".repeat(Math.floor(MIB / 3))];
  const { client, ear } = await connect(server);
  using _ = client;
  ear.answer = (text) => ear.socket.send(`${text.length}`);
  for (const text of texts) {
    await client.text(text);
    assertEquals(await client.nextText(), `${text.length}`);
    await client.text(text.slice(0, 10), text.slice(10, 99_999), "", text.slice(99_999));
    assertEquals(await client.nextText(), `${text.length}`);
  }
  for (const parts of [[`${texts[0]}x`], [`${texts[1]}x`], ["x", texts[0] ?? ""], ["€".repeat(400_000)]]) {
    const { client, ear } = await connect(server);
    using _ = client;
    await client.text("before");
    await client.text(...parts);
    await client.text("after");
    assertEquals(await client.closed(), { code: 1009, reason: "frames of more than 1 MiB are not taken" });
    assertEquals([ear.heard, ear.socket.signal.aborted], [["before"], true]);
  }
});

Deno.test("a binary frame closes with 1003, and nothing after it is heard", async () => {
  await using server = serveSockets();
  const { client, ear } = await connect(server);
  using _ = client;
  const frames = [
    { opcode: OPCODE.text, payload: new TextEncoder().encode("before") },
    { opcode: OPCODE.binary, payload: new Uint8Array(3) },
    { opcode: OPCODE.text, payload: new TextEncoder().encode("after") },
  ];
  // At one blow: this is when Deno would drop the close frame.
  await client.bytes(Uint8Array.from(frames.flatMap((frame) => [...encodeFrame(frame)])));
  assertEquals(await client.closed(), { code: 1003, reason: "binary frames are not taken; send text" });
  assertEquals([ear.heard, ear.socket.signal.aborted], [["before"], true]);
});

Deno.test("what is no WebSocket ends the connection and aborts the signal, nothing more", async () => {
  await using server = serveSockets();
  const invalidUtf8 = Uint8Array.of(0xff, 0xfe);
  const spoil: readonly ((client: RawClient) => Promise<void>)[] = [
    (client) => client.message(OPCODE.text, [invalidUtf8]),
    (client) => client.message(OPCODE.text, [new Uint8Array(), invalidUtf8]),
    (client) => client.frame({ opcode: OPCODE.continuation, payload: new Uint8Array(1) }),
    (client) => client.frame({ opcode: OPCODE.ping, payload: new Uint8Array(126) }),
    (client) => client.bytes(Uint8Array.of(0xf1, 0x80, 0, 0, 0, 0)),
    (client) => client.frame({ opcode: 3, payload: new Uint8Array() }),
    (client) => Promise.resolve(client.vanish()),
  ];
  for (const [i, break_] of spoil.entries()) {
    const { client, ear } = await connect(server);
    using _ = client;
    await break_(client);
    const reason = await aborted(ear.socket.signal);
    assertEquals(reason instanceof Error && "code" in reason && reason.code, "client_closed_request");
    assertEquals([ear.heard, server.sockets.open, server.lines.at(-1)?.code], [[], 0, 1006], `${i}`);
    ear.socket.send("into the void");
    ear.socket.close(1000, "");
  }
  assertEquals(server.clock.pending, 0);
});
