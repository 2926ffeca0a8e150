import { assert, assertEquals, assertRejects } from "@std/assert";
import { GatehouseError } from "../../errors/mod.ts";
import type { ByteDialect } from "./dialect.ts";
import { MAX_HELD } from "./event_sieve.ts";
import { openaiChat } from "./openai_chat.ts";
import { begin, DONE, errorCodeAtEnd, FINISH, text, USAGE, USAGE_ONLY } from "./relay_fixture.ts";
import type { RelayProgress } from "./relay_options.ts";

Deno.test("relay() passes a whole stream on and reports it once", async () => {
  let firstBytes = 0;
  const { upstream, client, ends, watchdog, clock } = begin({ onFirstByte: () => firstBytes++ });
  upstream.send(text("a"));
  assertEquals(await client.next(), text("a"));
  upstream.send(FINISH + USAGE_ONLY + DONE);
  upstream.close();
  assertEquals(await client.rest(), FINISH + DONE);
  assertEquals(ends, [{ outcome: "done", usage: USAGE, contentBytes: 1 }]);
  assertEquals([firstBytes, watchdog.running, clock.pending], [1, 0, 0]);
  assertEquals(upstream.cancelled, false);
});

Deno.test("relay() sends a chunk after a pause at once and gathers a burst", async () => {
  const { upstream, client, clock } = begin();
  const first = client.next();
  upstream.send(text("a"));
  assertEquals(await first, text("a"));
  const burst = client.next();
  upstream.send(text("b"));
  upstream.send(text("c"));
  await clock.advance(1);
  assertEquals(await burst, text("b") + text("c"));
  await clock.advance(1);
  upstream.send(text("d"));
  assertEquals(await client.next(), text("d"));
  await client.leave();
});

Deno.test("relay() tells how far it has come whenever it is asked", async () => {
  const reads: (() => RelayProgress)[] = [];
  const { upstream, client, ends } = begin({ watch: (read) => reads.push(read) });
  const progress = () => reads.map((read) => read().contentBytes);
  assertEquals(progress(), [0]);
  upstream.send(text("a") + text("é") + "data: {");
  await client.next();
  assertEquals(progress(), [3]);
  upstream.break();
  await client.rest();
  assertEquals(progress(), [3]);
  assertEquals(ends.map(({ outcome, contentBytes }) => [outcome, contentBytes]), [["upstream_failed", 3]]);
});

Deno.test("relay() gives its progress before it ends, even if the client has left already", () => {
  const order: string[] = [];
  begin({ client: AbortSignal.abort(), watch: () => order.push("watch"), onEnd: () => order.push("end") });
  assertEquals(order, ["watch", "end"]);
});

Deno.test("relay() ends with the end mark, not with the connection, and cancels what goes on", async () => {
  const { upstream, client, ends, clock, settle } = begin();
  upstream.send(FINISH + DONE);
  assertEquals(await client.rest(), FINISH + DONE);
  assertEquals(ends.length, 1);
  upstream.send(text("more"));
  await settle();
  assertEquals([upstream.cancelled, clock.pending], [true, 0]);
});

Deno.test("relay() gives a complete body 100 ms to close by itself", async () => {
  const { upstream, client, clock } = begin();
  upstream.send(FINISH + DONE);
  await client.rest();
  await clock.advance(99);
  assertEquals(upstream.cancelled, false);
  await clock.advance(1);
  assertEquals(upstream.cancelled, true);
});

Deno.test("relay() bears a body that breaks behind its end mark", async () => {
  const { upstream, client, ends, clock, settle } = begin();
  upstream.send(FINISH + DONE);
  await client.rest();
  upstream.break();
  await settle();
  assertEquals([ends.length, clock.pending], [1, 0]);
});

Deno.test("relay() reports a stream cut short in-band and drops the half event", async () => {
  const { upstream, client, ends } = begin();
  upstream.send(text("a") + "data: {");
  upstream.close();
  const output = await client.rest();
  assert(output.startsWith(text("a") + 'data: {"error"'));
  assertEquals(errorCodeAtEnd(output), "upstream_truncated");
  assertEquals(ends.map((end) => end.outcome), ["truncated"]);
});

Deno.test("relay() reports a broken connection in-band, never with the end mark", async () => {
  const { upstream, client, ends, settle } = begin();
  upstream.send(text("a"));
  assertEquals(await client.next(), text("a"));
  upstream.send(FINISH);
  await settle();
  upstream.break();
  const output = await client.rest();
  assert(output.startsWith(FINISH));
  assertEquals(errorCodeAtEnd(output), "upstream_failed");
  assertEquals(ends.map((end) => end.outcome), ["upstream_failed"]);
});

Deno.test("relay() errors the stream when part of an event has gone out", async () => {
  for (const how of ["break", "close", "silence"] as const) {
    const { upstream, client, ends, watchdog } = begin();
    upstream.send("data: " + "x".repeat(MAX_HELD));
    await client.next();
    if (how === "silence") watchdog.timeout("silence");
    else upstream[how]();
    await assertRejects(() => client.rest(), GatehouseError);
    assertEquals(ends.length, 1);
  }
});

Deno.test("relay() reports a limit that is passed and cancels the upstream", async () => {
  for (const [which, outcome] of [["silence", "silent"], ["total", "over_total"]] as const) {
    const { upstream, client, ends, watchdog } = begin();
    upstream.send(text("a") + "data: half");
    await client.next();
    const rest = client.rest();
    watchdog.timeout(which);
    assertEquals(errorCodeAtEnd(await rest), "upstream_timeout");
    assertEquals([upstream.cancelled, ends.map((end) => end.outcome)], [true, [outcome]]);
  }
});

Deno.test("relay() pings between events, while the client waits, and only then", async () => {
  const { upstream, client, watchdog, clock, settle } = begin();
  watchdog.idle();
  const waiting = client.next();
  await settle();
  watchdog.idle();
  assertEquals(await waiting, ": ping\n\n");
  upstream.send("data: " + "x".repeat(MAX_HELD));
  await client.next();
  await clock.advance(1);
  const within = client.next();
  await settle();
  watchdog.idle();
  upstream.send("\n\n");
  assertEquals(await within, "\n\n");
  await client.leave();
});

Deno.test("relay() keeps a ping out of a held event", async () => {
  const { upstream, client, watchdog, settle } = begin();
  const waiting = client.next();
  upstream.send("data: {");
  await settle();
  watchdog.idle();
  assertEquals(await waiting, ": ping\n\n");
  upstream.send("}\n\n");
  assertEquals(await client.next(), "data: {}\n\n");
  await client.leave();
});

Deno.test("relay() lets a client that does not read slow the upstream down, and does not call that silence", async () => {
  const { upstream, client, ends, watchdog, clock, settle } = begin({ limits: { silence: 10, total: 50 } });
  const chunk = text("x".repeat(4000));
  upstream.send(chunk);
  await client.next();
  for (let i = 0; i < 100; i++) upstream.send(chunk);
  await settle();
  const before = watchdog.touches;
  assert(before <= 40, `${before} chunks were read ahead`);
  await clock.advance(20);
  watchdog.timeout("silence");
  assertEquals(ends, []);
  assertEquals(watchdog.limits.map((limits) => limits.total), [50, 30]);
  upstream.send(FINISH + DONE);
  const rest = client.rest();
  for (let i = 0; i < 60; i++) await clock.advance(1);
  assertEquals(await rest, chunk.repeat(100) + FINISH + DONE);
  upstream.close();
  await settle();
});

Deno.test("relay() cancels the upstream as soon as the client leaves", async () => {
  for (const sent of ["", text("a"), text("a") + "data: half", "data: " + "x".repeat(MAX_HELD)]) {
    const { upstream, client, ends, watchdog, clock, settle } = begin();
    const reading = sent === "" ? null : client.next();
    if (sent !== "") upstream.send(sent);
    await reading;
    await settle();
    await client.leave();
    assertEquals([upstream.cancelled, watchdog.running, clock.pending], [true, 0, 0]);
    assertEquals(ends.map((end) => end.outcome), ["client_left"]);
  }
});

Deno.test("relay() bears a client that leaves in the very moment of an output", async () => {
  for (const how of ["send", "break", "close"] as const) {
    let leave = () => {};
    const readEvent: ByteDialect["readEvent"] = (data) => {
      leave();
      return openaiChat.readEvent(data);
    };
    const { upstream, client, ends, settle } = begin({ dialect: { ...openaiChat, readEvent } });
    upstream.send(text("a"));
    await client.next();
    upstream.send(FINISH);
    await settle();
    leave = () => void client.leave();
    if (how === "send") upstream.send(DONE);
    else upstream[how]();
    assertEquals(await client.next(), null);
    assertEquals(ends.length, 1);
    await settle();
    assertEquals(ends.length, 1);
    if (how === "send") assertEquals(upstream.cancelled, true);
  }
});

Deno.test("relay() takes the client's abort for its leaving, before, within and after", async () => {
  const early = begin({ client: AbortSignal.abort() });
  assertEquals([early.upstream.cancelled, early.ends.map((end) => end.outcome)], [true, ["client_left"]]);
  await assertRejects(() => early.client.rest(), GatehouseError);

  const leaving = new AbortController();
  const within = begin({ client: leaving.signal });
  within.upstream.send(text("a"));
  await within.client.next();
  leaving.abort();
  within.upstream.break();
  await within.settle();
  assertEquals([within.upstream.cancelled, within.ends.map((end) => end.outcome)], [true, ["client_left"]]);

  const late = new AbortController();
  const after = begin({ client: late.signal });
  after.upstream.send(FINISH + DONE);
  after.upstream.close();
  await after.client.rest();
  late.abort();
  assertEquals(after.ends.map((end) => end.outcome), ["done"]);
});

Deno.test("relay() ends with the given reason when it is interrupted", async () => {
  const stopping = new AbortController();
  const { upstream, client, ends } = begin({ interrupt: stopping.signal });
  upstream.send(text("a") + "data: half");
  await client.next();
  stopping.abort(new GatehouseError("draining", "The server is stopping."));
  assertEquals(errorCodeAtEnd(await client.rest()), "draining");
  assertEquals([upstream.cancelled, ends.map((end) => end.outcome)], [true, ["interrupted"]]);
});

Deno.test("relay() reads bodies that are no byte streams", async () => {
  const chunks = [text("a"), FINISH, DONE].map((chunk) => new TextEncoder().encode(chunk));
  const upstream = Object.assign(begin().upstream, { body: ReadableStream.from(chunks) });
  const { client, ends } = begin({}, upstream);
  assertEquals(await client.rest(), text("a") + FINISH + DONE);
  assertEquals(ends.length, 1);
});
