import { assertEquals } from "@std/assert";
import { FakeClock } from "../effects/fake_clock.ts";
import { consoleSink, type ConsoleStream } from "./mod.ts";

/** A console that takes `step` bytes at a time and notes every call. */
function fakeStream(step = Infinity) {
  const calls: string[] = [];
  const take = (how: string, bytes: Uint8Array) => {
    const part = bytes.subarray(0, Math.min(step, bytes.length));
    calls.push(`${how} ${new TextDecoder().decode(part)}`);
    return part.length;
  };
  const stream: ConsoleStream = {
    write: (bytes) => Promise.resolve(take("write", bytes)),
    writeSync: (bytes) => take("sync", bytes),
    isTerminal: () => false,
  };
  return { calls, stream };
}

Deno.test("consoleSink() writes the lines of one turn in one write", async () => {
  const clock = new FakeClock();
  const { calls, stream } = fakeStream();
  const sink = consoleSink({ clock, stream });
  sink.write("a\n", "info");
  sink.write("b\n", "warn");
  assertEquals(calls, []);
  await clock.advance(1);
  sink.write("c\n", "info");
  await clock.advance(1);
  assertEquals(calls, ["write a\nb\n", "write c\n"]);
  assertEquals(clock.pending, 0);
});

Deno.test("consoleSink() writes an error at once, after what waits", () => {
  const clock = new FakeClock();
  const { calls, stream } = fakeStream(3);
  const sink = consoleSink({ clock, stream });
  sink.write("a\n", "info");
  sink.write("b\n", "error");
  assertEquals(calls, ["sync a\nb", "sync \n"]);
  assertEquals(clock.pending, 0);
});

Deno.test("consoleSink() keeps the order when an error comes during a write", async () => {
  const { calls, stream } = fakeStream(1);
  const sink = consoleSink({ clock: new FakeClock(), stream });
  sink.write("a\n", "info");
  const flushed = sink.flush();
  sink.write("b\n", "error");
  await flushed;
  assertEquals(calls.map((call) => call.slice(-1)).join(""), "a\nb\n");
});

Deno.test("consoleSink() flushes on close and takes nothing after", async () => {
  const clock = new FakeClock();
  const { calls, stream } = fakeStream();
  const sink = consoleSink({ clock, stream });
  sink.write("a\n", "info");
  await sink.close();
  assertEquals(sink.write("b\n", "error"), false);
  assertEquals(calls, ["write a\n"]);
  assertEquals(clock.pending, 0);
});

Deno.test("consoleSink() survives a console that is gone, and bounds what waits for one that is stuck", async () => {
  const fail = () => {
    throw new Deno.errors.BrokenPipe("gone");
  };
  const gone = consoleSink({
    clock: new FakeClock(),
    stream: {
      write: () => Promise.reject(new Deno.errors.BrokenPipe("gone")),
      writeSync: fail,
      isTerminal: () => true,
    },
  });
  assertEquals(gone.format, "text");
  assertEquals(gone.write("a\n", "error"), true);
  await gone.close();

  const turn = Promise.withResolvers<number>();
  const { calls, stream } = fakeStream();
  const stuck = consoleSink({ clock: new FakeClock(), stream: { ...stream, write: () => turn.promise } });
  const line = "x".repeat(1024 * 1024);
  stuck.write("a", "info");
  const flushed = stuck.flush();
  assertEquals([1, 2, 3, 4, 5].map(() => stuck.write(line, "error")), [true, true, true, true, false]);
  turn.resolve(5 * line.length);
  await flushed;
  assertEquals(calls, []);
});
