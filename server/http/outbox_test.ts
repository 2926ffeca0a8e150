import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { FakeClock } from "../effects/fake_clock.ts";
import type { Clock } from "../effects/mod.ts";
import { Outbox, type Sink } from "./outbox.ts";

const MARK = 256 * 1024;
const BOUND = 8 * 1024 * 1024;

/** A sink that writes when it is told to, frame by frame as Deno does. */
class Pipe implements Sink {
  bufferedAmount = 0;
  /** The most that it ever held when it was given more. */
  most = 0;
  readonly written: string[] = [];
  readonly #held: string[] = [];

  send(text: string): void {
    this.most = Math.max(this.most, this.bufferedAmount);
    this.#held.push(text);
    this.bufferedAmount += new TextEncoder().encode(text).length;
  }

  write(frames = Infinity): void {
    for (const text of this.#held.splice(0, frames)) {
      this.written.push(text);
      this.bufferedAmount -= new TextEncoder().encode(text).length;
    }
  }
}

function make() {
  const sink = new Pipe();
  const clock = new FakeClock();
  const seen = { behind: 0 };
  const outbox = new Outbox({ sink, clock, onBehind: () => seen.behind++ });
  /** Sends a frame. @returns whether it was taken */
  const send = (text: string) => {
    const before = seen.behind;
    outbox.send(text);
    return seen.behind === before;
  };
  return { sink, clock, outbox, send, seen };
}

const kib = (n: number, letter = "x") => letter.repeat(n * 1024);

Deno.test("Outbox hands frames over at once, and sets no timer, while the reader takes them", () => {
  const { sink, clock, send } = make();
  for (const text of ["a", "é", ""]) assert(send(text));
  assertEquals([sink.bufferedAmount, clock.pending], [3, 0]);
  sink.write();
  assertEquals(sink.written, ["a", "é", ""]);
});

Deno.test("Outbox hands over below the mark only, looks again every 20 ms, and stops looking when nothing waits", async () => {
  const { sink, clock, outbox } = make();
  for (const letter of "abcdef") outbox.send(kib(128, letter));
  assertEquals([sink.bufferedAmount, clock.pending], [MARK, 1]);
  await clock.advance(100);
  assertEquals(sink.bufferedAmount, MARK);
  sink.write(1);
  await clock.advance(19);
  assertEquals(sink.bufferedAmount, MARK / 2);
  await clock.advance(1);
  assertEquals(sink.bufferedAmount, MARK);
  sink.write();
  await clock.advance(20);
  sink.write();
  await clock.advance(20);
  sink.write();
  assertEquals(sink.written.map(([letter]) => letter).join(""), "abcdef");
  assertEquals(clock.pending, 0);
});

Deno.test("Outbox takes no frame that would leave the reader more than 8 MiB behind its longest one", () => {
  const { send } = make();
  let taken = 0;
  while (send(kib(64))) taken++;
  assertEquals(taken, BOUND / (64 * 1024) + 1);
  assertEquals(send("é"), false);
});

Deno.test("Outbox lets a frame of any length pass to a reader who keeps up, and what follows it", async () => {
  const { sink, clock, send } = make();
  const long = kib(20 * 1024);
  for (let i = 0; i < 3; i++) {
    assert(send("before"));
    assert(send(long));
    assert(send("after"));
    sink.write();
    await clock.advance(20);
    sink.write();
  }
  assertEquals(sink.written.map((text) => text.length), [6, long.length, 5, 6, long.length, 5, 6, long.length, 5]);
  assert(send(long));
  // The first one excuses itself, not a second.
  assertEquals(send(long), false);
});

Deno.test("Outbox tells of a reader who takes nothing for a minute, while frames wait for him and only then", async () => {
  const { sink, clock: fake, seen } = make();
  let jump = 0;
  const clock: Clock = {
    now: () => fake.now(),
    monotonic: () => fake.monotonic() + jump,
    setTimeout: (fn, ms) => fake.setTimeout(fn, ms),
    clearTimeout: (timer) => fake.clearTimeout(timer),
  };
  const outbox = new Outbox({ sink, clock, onBehind: () => seen.behind++ });
  outbox.send(kib(256, "a"));
  jump += 100_000;
  await fake.advance(20);
  for (const letter of "bc") outbox.send(kib(256, letter));
  for (let i = 0; i < 2; i++) {
    jump += 59_960;
    await fake.advance(20);
    assertEquals(seen.behind, 0);
    sink.write(1);
    await fake.advance(20);
    if (i === 0) outbox.send("d");
  }
  assertEquals([seen.behind, fake.pending], [0, 1]);
  jump += 60_000;
  await fake.advance(20);
  assertEquals(seen.behind, 1);
});

Deno.test("Outbox.whenEmpty() calls once: at once, when all is handed over, or when it is dropped", async () => {
  const { sink, clock, outbox } = make();
  let calls = 0;
  outbox.whenEmpty(() => calls++);
  assertEquals(calls, 1);
  for (const letter of "abc") outbox.send(kib(256, letter));
  outbox.whenEmpty(() => calls++);
  sink.write();
  await clock.advance(20);
  assertEquals(calls, 1);
  sink.write();
  await clock.advance(20);
  assertEquals(calls, 2);
  for (const letter of "de") outbox.send(kib(256, letter));
  outbox.whenEmpty(() => calls++);
  outbox.drop();
  assertEquals([calls, clock.pending], [3, 0]);
  sink.write();
  assertEquals(sink.written.map(([letter]) => letter).join(""), "abc");
});

Deno.test("Outbox may be dropped by its sink while it hands over", () => {
  const clock = new FakeClock();
  const sink = { bufferedAmount: MARK, sent: 0, send: () => outbox.drop() };
  const outbox: Outbox = new Outbox({ sink, clock, onBehind() {} });
  for (const text of ["a", "b", "c"]) outbox.send(text);
  sink.bufferedAmount = 0;
  outbox.send("d");
  assertEquals(clock.pending, 0);
});

Deno.test("Outbox keeps all frames in order and hands over little, however the reader reads", async () => {
  const step = fc.oneof(
    fc.record({ send: fc.integer({ min: 0, max: 96 }) }),
    fc.record({ write: fc.integer({ min: 0, max: 8 }) }),
    fc.constant({ wait: 20 }),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
      const { sink, clock, send } = make();
      const sent: string[] = [];
      for (const step of steps) {
        if ("send" in step) {
          const text = `${sent.length}:${kib(step.send)}`;
          assert(send(text));
          sent.push(text);
        } else if ("write" in step) sink.write(step.write);
        else await clock.advance(step.wait);
      }
      while (sink.written.length < sent.length) {
        sink.write();
        await clock.advance(20);
      }
      assertEquals(sink.written.map((text) => text.length), sent.map((text) => text.length));
      assert(sink.written.every((text, i) => text === sent[i]));
      assert(sink.most < MARK);
      assertEquals(clock.pending, 0);
    }),
    { numRuns: 40 },
  );
});
