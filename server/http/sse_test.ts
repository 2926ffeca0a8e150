import { assertEquals, assertRejects } from "@std/assert";
import { FakeClock, settle } from "../effects/fake_clock.ts";
import { sseResponse } from "./sse.ts";

/** Frames that the test hands out; counts what was asked for. */
class Frames implements AsyncIterable<string>, AsyncIterator<string> {
  asked = 0;
  returned = false;
  readonly #waiting: PromiseWithResolvers<IteratorResult<string>>[] = [];
  readonly #ready: Promise<IteratorResult<string>>[] = [];

  [Symbol.asyncIterator]() {
    return this;
  }

  next(): Promise<IteratorResult<string>> {
    this.asked++;
    const ready = this.#ready.shift();
    if (ready !== undefined) return ready;
    const waiting = Promise.withResolvers<IteratorResult<string>>();
    this.#waiting.push(waiting);
    return waiting.promise;
  }

  return(): Promise<IteratorResult<string>> {
    this.returned = true;
    return Promise.resolve({ done: true, value: undefined });
  }

  give(result: IteratorResult<string>): void {
    const waiting = this.#waiting.shift();
    if (waiting === undefined) this.#ready.push(Promise.resolve(result));
    else waiting.resolve(result);
  }

  frame(value: string): void {
    this.give({ done: false, value });
  }

  end(): void {
    this.give({ done: true, value: undefined });
  }

  fail(error: Error): void {
    this.#waiting.shift()?.reject(error);
  }
}

function open(options: { readonly pingAfter?: number; readonly headers?: Record<string, string> } = {}) {
  const frames = new Frames();
  const clock = new FakeClock();
  const client = new AbortController();
  const response = sseResponse(frames, { clock, signal: client.signal, ...options });
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  if (reader === undefined) throw new TypeError("the answer has no body");
  return { frames, clock, client, response, reader, next: async () => (await reader.read()).value };
}

Deno.test("sseResponse() has the headers of an event stream, whatever else is asked", async () => {
  const headers = { "x-ratelimit-remaining-requests": "3", "content-type": "application/json" };
  const { response, reader, frames, clock } = open({ headers });
  assertEquals([...response.headers], [
    ["cache-control", "no-cache, no-transform"],
    ["content-type", "text/event-stream"],
    ["x-accel-buffering", "no"],
    ["x-ratelimit-remaining-requests", "3"],
  ]);
  await reader.cancel();
  await settle();
  assertEquals([frames.returned, clock.pending], [true, 0]);
});

Deno.test("sseResponse() passes frames on one by one, and ends where they end", async () => {
  const { frames, next, clock } = open();
  frames.frame("data: é\n\n");
  frames.frame("data: 2\n\n");
  frames.end();
  assertEquals([await next(), await next(), await next()], ["data: é\n\n", "data: 2\n\n", undefined]);
  assertEquals(clock.pending, 0);
});

Deno.test("sseResponse() asks for no frame before the client takes it", async () => {
  const frames = new Frames();
  const { signal } = new AbortController();
  const reader = sseResponse(frames, { clock: new FakeClock(), signal }).body?.getReader();
  for (let i = 0; i < 9; i++) frames.frame("data: x\n\n");
  await settle();
  assertEquals(frames.asked, 0);
  await reader?.read();
  await settle();
  assertEquals(frames.asked, 1);
  await reader?.cancel();
});

Deno.test("sseResponse() pings after each 15 s of silence, and loses no frame by it", async () => {
  const { frames, clock, next } = open();
  frames.frame("data: 1\n\n");
  assertEquals(await next(), "data: 1\n\n");
  for (let i = 0; i < 2; i++) {
    const ping = next();
    await clock.advance(14_999);
    let came = false;
    ping.then(() => came = true);
    await settle();
    assertEquals(came, false);
    await clock.advance(1);
    assertEquals(await ping, ": ping\n\n");
  }
  const frame = next();
  await clock.advance(10_000);
  frames.frame("data: 2\n\n");
  assertEquals(await frame, "data: 2\n\n");
  assertEquals(frames.asked <= 3, true);
  const end = next();
  frames.end();
  assertEquals([await end, clock.pending], [undefined, 0]);
});

Deno.test("sseResponse() leaves its frames when the client leaves, also while it waits for one", async () => {
  for (const leave of ["cancel", "signal"] as const) {
    const frames = new Frames();
    const clock = new FakeClock();
    const client = new AbortController();
    const reader = sseResponse(frames, { clock, signal: client.signal }).body?.getReader();
    const read = reader?.read().catch(() => "left");
    await settle();
    if (leave === "cancel") await reader?.cancel();
    else client.abort();
    await read;
    assertEquals([frames.returned, clock.pending], [true, 0], leave);
    frames.frame("data: late\n\n");
    await settle();
  }
});

Deno.test("sseResponse() for a client that has left already asks for nothing", async () => {
  const frames = new Frames();
  const response = sseResponse(frames, { clock: new FakeClock(), signal: AbortSignal.abort() });
  await assertRejects(() => response.text());
  assertEquals([frames.asked, frames.returned], [0, true]);
});

Deno.test("sseResponse() breaks the connection when its frames fail", async () => {
  const { frames, reader, clock } = open();
  const read = reader.read();
  await settle();
  frames.fail(new Error("broken"));
  await assertRejects(() => read, Error, "broken");
  assertEquals(clock.pending, 0);
});
