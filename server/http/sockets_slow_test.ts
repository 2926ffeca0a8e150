import { assert, assertEquals } from "@std/assert";
import { OPCODE, RawClient } from "./frame_fixture.ts";
import { serveSockets, type SocketServer } from "./sockets_fixture.ts";

const MIB = 1024 * 1024;
const frame = (n: number) => `${n} `.padEnd(64 * 1024, "x");

/** Lets time pass until `reading` is done: the outbox looks at the socket by the clock, the network has none. */
async function keepTicking<T>({ clock }: SocketServer, reading: Promise<T>): Promise<T> {
  let done = false;
  const marked = reading.finally(() => done = true);
  while (!done) await clock.advance(20);
  return await marked;
}

/** Sends until frames wait here: the kernel and Deno hold all they will. @returns how many were sent */
async function fill({ clock }: SocketServer, send: (text: string) => void): Promise<number> {
  let n = 0;
  // Two looks at which nothing moved.
  for (let still = 0; still < 2;) {
    while (clock.pending === 0) send(frame(n++));
    await clock.advance(20);
    still = clock.pending === 0 ? 0 : still + 1;
  }
  return n;
}

Deno.test("a reader that pauses gets everything in order when it reads on, and Deno holds little meanwhile", async () => {
  await using server = serveSockets();
  using client = await RawClient.open(server.url);
  const { socket } = await server.opened();
  let sent = await fill(server, (text) => socket.send(text));
  for (const end = sent + 100; sent < end; sent++) socket.send(frame(sent));
  const held = server.links[0]?.socket.bufferedAmount ?? 0;
  assert(held < 512 * 1024, `${held}`);
  assertEquals([server.clock.pending, socket.signal.aborted], [1, false]);
  const read = async () => {
    for (let n = 0; n < sent; n++) assertEquals((await client.nextText()).slice(0, 9), frame(n).slice(0, 9));
  };
  await keepTicking(server, read());
  assertEquals(server.clock.pending, 0);
});

Deno.test("a reader more than 8 MiB behind is given up at once, and reads 1008 after what had left", async () => {
  await using server = serveSockets();
  using client = await RawClient.open(server.url);
  const { socket } = await server.opened();
  let sent = await fill(server, (text) => socket.send(text));
  const start = sent;
  while (!socket.signal.aborted) socket.send(frame(sent++));
  const behind = (sent - start) * 64 * 1024;
  assert(behind > 7 * MIB && behind < 9 * MIB, `${behind}`);
  assertEquals([server.sockets.open, server.clock.pending], [0, 0]);
  await server.sockets.idle();
  socket.send("after");
  let texts = 0;
  let last = await client.next();
  for (; last?.opcode === OPCODE.text; last = await client.next()) texts++;
  assertEquals(last?.opcode, OPCODE.close);
  assertEquals([last?.payload[0], last?.payload[1]], [1008 >> 8, 1008 & 0xff]);
  assert(texts >= start - 16 && texts < sent, `${texts} of ${sent}`);
  assertEquals(server.lines.at(-1)?.code, 1008);
});

Deno.test("a frame of 20 MiB reaches a reader who keeps up, and so does what follows it at once", async () => {
  await using server = serveSockets();
  using client = await RawClient.open(server.url);
  const { socket } = await server.opened();
  const long = "é".repeat(10 * MIB);
  socket.send(long);
  for (let n = 0; n < 20; n++) socket.send(frame(n));
  const read = async () => {
    const first = await client.nextText();
    for (let n = 0; n < 20; n++) assertEquals((await client.nextText()).slice(0, 9), frame(n).slice(0, 9));
    return first;
  };
  assert(await keepTicking(server, read()) === long);
});

/** A frame that no kernel takes whole: while nobody reads, Deno holds the rest of it. */
const STOPPER = "x".repeat(16 * MIB);

Deno.test("close() sends what waits to a slow reader first, for 5 s at most", async () => {
  for (const isPatient of [true, false]) {
    await using server = serveSockets();
    using client = await RawClient.open(server.url);
    const { socket } = await server.opened();
    socket.send(STOPPER);
    for (let n = 0; n < 20; n++) socket.send(frame(n));
    socket.close(1000, "done");
    if (!isPatient) await server.clock.advance(5_000);
    let texts = 0;
    const read = async () => {
      let last = await client.next();
      for (; last?.opcode === OPCODE.text; last = await client.next()) texts++;
      return last?.opcode;
    };
    assertEquals(await keepTicking(server, read()), OPCODE.close);
    assertEquals(texts, isPatient ? 21 : 1);
    client.vanish();
    await server.sockets.idle();
    assertEquals(server.clock.pending, 0);
  }
});

Deno.test("a slow reader that vanishes aborts the signal, and what waited is forgotten", async () => {
  await using server = serveSockets();
  const client = await RawClient.open(server.url);
  const { socket } = await server.opened();
  for (const text of [STOPPER, "waits"]) socket.send(text);
  client.vanish();
  await server.sockets.idle();
  assertEquals([socket.signal.aborted, server.clock.pending], [true, 0]);
});

Deno.test("the time-out of a reader who stops reading is noticed, though its close cannot go out", async () => {
  await using server = serveSockets({ idleTimeout: 0.2 });
  using client = await RawClient.open(server.url);
  const { socket } = await server.opened();
  assertEquals((await client.next())?.opcode, OPCODE.ping);
  for (const text of [STOPPER, "waits"]) socket.send(text);
  while (!socket.signal.aborted) await server.clock.advance(20);
  assertEquals([server.sockets.open, server.clock.pending, server.lines.at(-1)?.code], [0, 0, 1001]);
});

Deno.test("closeAll() counts a reader who reads nothing for 5 s more, then no longer", async () => {
  await using server = serveSockets();
  using _client = await RawClient.open(server.url);
  const { socket } = await server.opened();
  for (const text of [STOPPER, "waits"]) socket.send(text);
  server.sockets.closeAll();
  assertEquals([socket.signal.aborted, server.sockets.open], [true, 1]);
  await server.clock.advance(5_000);
  assertEquals([server.sockets.open, server.clock.pending], [0, 0]);
});
