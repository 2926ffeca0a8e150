import { assertEquals } from "@std/assert";
import { settle } from "../effects/fake_clock.ts";
import { RawClient } from "./frame_fixture.ts";
import { Ear, serveSockets } from "./sockets_fixture.ts";

Deno.test("close() sends what came before it, aborts the signal, and says the code once the other side has answered", async () => {
  await using server = serveSockets();
  using client = await RawClient.open(server.url);
  const { socket } = await server.opened();
  socket.send("last words");
  socket.close(4001, "enough");
  socket.send("too late");
  socket.close(1011, "twice");
  assertEquals([socket.signal.aborted, server.sockets.open], [true, 1]);
  assertEquals(await client.nextText(), "last words");
  assertEquals(await client.closed(), { code: 4001, reason: "enough" });
  await server.sockets.idle();
  assertEquals([server.sockets.open, server.clock.pending], [0, 0]);
  const { request_id, route, code, msg } = { msg: null, ...server.lines.at(-1) } as Record<string, unknown>;
  assertEquals({ request_id, route, code, msg }, { request_id: "request-1", route: "/ws/{id}", code: 4001, msg: null });
});

Deno.test("close() waits 5 s for a client that answers no close, and counts it no longer", async () => {
  await using server = serveSockets();
  using _client = await RawClient.open(server.url);
  const { socket } = await server.opened();
  socket.close(1000, "");
  await server.clock.advance(4_999);
  assertEquals(server.sockets.open, 1);
  await server.clock.advance(1);
  await server.sockets.idle();
  assertEquals([server.sockets.open, server.clock.pending], [0, 0]);
});

Deno.test("close() with a reason that no close frame can carry closes with 1011", async () => {
  await using server = serveSockets();
  using client = await RawClient.open(server.url);
  (await server.opened()).socket.close(1000, "x".repeat(124));
  assertEquals(await client.closed(), { code: 1011, reason: "" });
});

Deno.test("a handler that throws is logged without a word of what was said, and closed with 1011", async () => {
  const fails = (where: string) => (text: string) => {
    if (text.startsWith(where)) throw new TypeError(`${text}\n    at secret`);
  };
  for (const where of ["open", "text", "drain"]) {
    await using server = serveSockets({
      open: (socket) => {
        fails("open")(where);
        const ear = new Ear(socket);
        ear.answer = fails("text");
        ear.farewell = () => fails("drain")(where);
        return ear;
      },
    });
    using client = await RawClient.open(server.url);
    await client.text(`${where} of a conversation`);
    if (where === "drain") {
      await settle();
      server.sockets.drain();
    }
    assertEquals(await client.closed(), { code: 1011, reason: "a fault in the server" });
    const line = server.lines.find(({ level }) => level === "error");
    assertEquals([line?.error, line?.request_id, line?.route], ["TypeError", "request-1", "/ws/{id}"]);
    assertEquals(/conversation|secret/.test(JSON.stringify(line)), false);
    assertEquals(/sockets_end_test\.ts:\d+/.test(String(line?.at)), true, JSON.stringify(line));
  }
});

Deno.test("drain() tells each handler once, and one that opens later at once", async () => {
  const gate = Promise.withResolvers<void>();
  let held = 0;
  await using server = serveSockets({ before: () => held++ === 1 ? gate.promise : Promise.resolve() });
  using early = await RawClient.open(server.url);
  const first = await server.opened();
  const coming = RawClient.open(server.url);
  server.sockets.drain();
  gate.resolve();
  using late = await coming;
  const second = await server.opened();
  assertEquals([first.drains, server.sockets.open], [1, 2]);
  await late.text("still here");
  second.answer = () => second.socket.close(1001, "bye");
  assertEquals((await late.closed())?.code, 1001);
  assertEquals([first.drains, second.drains], [1, 1]);
  first.socket.close(1001, "bye");
  assertEquals((await early.closed())?.code, 1001);
  await server.sockets.idle();
});

Deno.test("idle() waits from the handshake on, and for nobody where none is open", async () => {
  await using server = serveSockets();
  await server.sockets.idle();
  const client = await RawClient.open(server.url);
  assertEquals(server.sockets.open, 1);
  let idle = false;
  const waited = server.sockets.idle().then(() => idle = true);
  await settle();
  assertEquals(idle, false);
  client.vanish();
  await waited;
  assertEquals(server.sockets.open, 0);
});

Deno.test("a client that vanishes before its handshake is answered leaves nothing behind", async () => {
  const reached = Promise.withResolvers<void>();
  const gone = Promise.withResolvers<void>();
  await using server = serveSockets({
    before: () => {
      reached.resolve();
      return gone.promise;
    },
  });
  const connection = await Deno.connect({ hostname: "127.0.0.1", port: Number(server.url.port) });
  const lines = ["host: x", "upgrade: websocket", "connection: Upgrade", "sec-websocket-version: 13"];
  const handshake = ["GET /ws/1 HTTP/1.1", ...lines, "sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==", "", ""].join(
    "\r\n",
  );
  await connection.write(new TextEncoder().encode(handshake));
  await reached.promise;
  connection.close();
  await settle();
  gone.resolve();
  await settle();
  await server.sockets.idle();
  assertEquals([server.links.length, server.sockets.open, server.clock.pending], [1, 0, 0]);
});

Deno.test("closeAll() closes many sockets with 1012, their signals aborted at once", async () => {
  await using server = serveSockets();
  const clients = await Promise.all(Array.from({ length: 200 }, () => RawClient.open(server.url)));
  const ears = await Promise.all(clients.map(() => server.opened()));
  assertEquals(server.sockets.open, 200);
  server.sockets.closeAll();
  assertEquals(ears.every(({ socket }) => socket.signal.aborted), true);
  const closings = await Promise.all(clients.map((client) => client.closed()));
  assertEquals(new Set(closings.map((closing) => closing?.code)), new Set([1012]));
  await server.sockets.idle();
  assertEquals([server.sockets.open, server.clock.pending], [0, 0]);
  for (const client of clients) client.vanish();
});
