import { assert, assertEquals, assertLessOrEqual } from "@std/assert";
import { FakeClock } from "../effects/fake_clock.ts";
import { createLogger, fileSink, type Logger, type LogSink, silentLogger } from "./mod.ts";

async function withFolder(body: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await body(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** A logger that keeps its messages. */
function listeningLogger() {
  const said: string[] = [];
  const say = (message: string) => void said.push(message);
  const logger: Logger = { ...silentLogger, info: say, warn: say, error: say };
  return { said, logger };
}

const modeOf = async (path: string) => ((await Deno.stat(path)).mode ?? 0) & 0o777;
const line = (n: number) => `{"n":${n}}\n`;
const posix = Deno.build.os !== "windows";

Deno.test("fileSink() rotates without losing, splitting or reordering a line", async () => {
  await withFolder(async (folder) => {
    const path = `${folder}/logs/deep/gatehouse.log`;
    const sink = fileSink({ path, clock: new FakeClock(), report: silentLogger, maxBytes: 1000, keep: 50 });
    let n = 0;
    for (const batch of [1, 700, 3, 1200, 40, 56]) {
      for (let i = 0; i < batch; i++) assert(sink.write(line(n++), "info"));
      await sink.flush();
    }
    await sink.close();
    const names = (await Array.fromAsync(Deno.readDir(`${folder}/logs/deep`))).length;
    let text = "";
    for (let i = names - 1; i >= 0; i--) {
      const name = i === 0 ? path : `${path}.${i}`;
      const content = await Deno.readTextFile(name);
      assertLessOrEqual(content.length, 1000);
      if (posix) assertEquals(await modeOf(name), 0o600);
      text += content;
    }
    assertEquals(text, Array.from({ length: 2000 }, (_, i) => line(i)).join(""));
    if (posix) assertEquals([await modeOf(`${folder}/logs`), await modeOf(`${folder}/logs/deep`)], [0o700, 0o700]);
  });
});

Deno.test("fileSink() keeps the youngest files only", async () => {
  await withFolder(async (folder) => {
    const sink = fileSink({
      path: `${folder}/log`,
      clock: new FakeClock(),
      report: silentLogger,
      maxBytes: 20,
      keep: 2,
    });
    for (let n = 1000; n < 1010; n++) sink.write(line(n), "info");
    await sink.close();
    const entries = await Array.fromAsync(Deno.readDir(folder));
    assertEquals(entries.map((entry) => entry.name).sort(), ["log", "log.1", "log.2"]);
    assertEquals(await Deno.readTextFile(`${folder}/log`), line(1009));
    assertEquals(await Deno.readTextFile(`${folder}/log.2`), line(1007));
  });
});

Deno.test(
  "fileSink() appends to a file that is there and takes the rights of others away",
  { ignore: !posix },
  async () => {
    await withFolder(async (folder) => {
      const path = `${folder}/log`;
      await Deno.writeTextFile(path, line(0), { mode: 0o644 });
      const sink = fileSink({ path, clock: new FakeClock(), report: silentLogger });
      sink.write(line(1), "info");
      await sink.close();
      assertEquals(await Deno.readTextFile(path), line(0) + line(1));
      assertEquals(await modeOf(path), 0o600);
    });
  },
);

Deno.test("fileSink() gathers lines for 100 ms, errors not at all", async () => {
  await withFolder(async (folder) => {
    const clock = new FakeClock();
    const path = `${folder}/log`;
    const sink = fileSink({ path, clock, report: silentLogger });
    sink.write(line(1), "info");
    assertEquals(clock.pending, 1);
    sink.write(line(2), "error");
    assertEquals(clock.pending, 0);
    await sink.flush();
    assertEquals(await Deno.readTextFile(path), line(1) + line(2));
    sink.write(line(3), "info");
    await clock.advance(100);
    await sink.close();
    assertEquals(await Deno.readTextFile(path), line(1) + line(2) + line(3));
    assertEquals(clock.pending, 0);
  });
});

Deno.test("fileSink() makes a vanished folder again", async () => {
  await withFolder(async (folder) => {
    const path = `${folder}/logs/log`;
    const { said, logger } = listeningLogger();
    const sink = fileSink({ path, clock: new FakeClock(), report: logger });
    sink.write(line(1), "info");
    await sink.flush();
    await Deno.remove(`${folder}/logs`, { recursive: true });
    sink.write(line(2), "info");
    await sink.close();
    assertEquals(await Deno.readTextFile(path), line(2));
    assertEquals(said, []);
  });
});

Deno.test("fileSink() reports an outage once, tries again, and loses nothing", async () => {
  await withFolder(async (folder) => {
    const clock = new FakeClock();
    const { said, logger } = listeningLogger();
    await Deno.writeTextFile(`${folder}/logs`, "a file where a folder is wanted");
    const sink = fileSink({ path: `${folder}/logs/log`, clock, report: logger });
    sink.write(line(1), "info");
    await sink.flush();
    sink.write(line(2), "error");
    await sink.flush();
    assertEquals(said, ["the log file cannot be written"]);
    assertEquals(clock.pending, 1);
    await Deno.remove(`${folder}/logs`);
    await clock.advance(5_000);
    await sink.close();
    assertEquals(said, ["the log file cannot be written", "the log file can be written again"]);
    assertEquals(await Deno.readTextFile(`${folder}/logs/log`), line(1) + line(2));
  });
});

Deno.test("fileSink() gives up at close and says how much is lost", async () => {
  await withFolder(async (folder) => {
    const clock = new FakeClock();
    const { said, logger } = listeningLogger();
    const sink = fileSink({ path: folder, clock, report: logger });
    sink.write(line(1), "info");
    await sink.close();
    assertEquals(said, ["the log file cannot be written", "log lines are lost"]);
    assertEquals(clock.pending, 0);
    assertEquals(sink.write(line(2), "info"), false);
  });
});

Deno.test("fileSink() survives a full disk", { ignore: Deno.build.os !== "linux" }, async () => {
  const { said, logger } = listeningLogger();
  const sink = fileSink({ path: "/dev/full", clock: new FakeClock(), report: logger });
  sink.write(line(1), "info");
  await sink.close();
  assertEquals(said, ["the log file cannot be written", "log lines are lost"]);
});

Deno.test("createLogger() flushes its sinks on close", async () => {
  await withFolder(async (folder) => {
    const clock = new FakeClock();
    const sink: LogSink = fileSink({ path: `${folder}/log`, clock, report: silentLogger });
    const log = createLogger({ level: "info", sinks: [sink], clock, color: false });
    log.info("last words");
    await log.close();
    assertEquals(JSON.parse(await Deno.readTextFile(`${folder}/log`)).message, "last words");
  });
});
