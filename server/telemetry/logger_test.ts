import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import fc from "fast-check";
import { FakeClock } from "../effects/fake_clock.ts";
import { createLogger, type LogLevel, type LogSink } from "./mod.ts";

function memorySink(
  format: "text" | "json",
  takes: () => boolean = () => true,
): LogSink & { readonly lines: string[] } {
  const lines: string[] = [];
  return {
    format,
    lines,
    write: (line) => takes() && lines.push(line) > 0,
    flush: () => Promise.resolve(),
    close: () => Promise.resolve(),
  };
}

function setUp(format: "text" | "json", level: LogLevel = "info", color = false) {
  const sink = memorySink(format);
  return { lines: sink.lines, log: createLogger({ level, sinks: [sink], clock: new FakeClock(), color }) };
}

Deno.test("createLogger() writes JSON lines with the bound fields first", () => {
  const { log, lines } = setUp("json");
  log.with({ request_id: "r1" }).warn("slow answer", { ms: 12 });
  assertEquals(lines, [
    '{"time":"2026-01-01T00:00:00.000Z","level":"warn","message":"slow answer","request_id":"r1","ms":12}\n',
  ]);
});

Deno.test("createLogger() writes lines for people to a terminal", () => {
  const { log, lines } = setUp("text");
  log.info("ready", { url: "http://127.0.0.1:8000/v1", note: "two words", list: [1, "a"] });
  assertEquals(lines, [
    '00:00:00.000Z INFO  ready url=http://127.0.0.1:8000/v1 note="two words" list=[1,"a"]\n',
  ]);
});

Deno.test("createLogger() colours only when told, and only lines for a terminal", () => {
  const text = setUp("text", "info", true);
  text.log.error("no");
  assertStringIncludes(text.lines.join(""), "\x1b[31mERROR\x1b[0m");
  const json = setUp("json", "info", true);
  json.log.error("no");
  assert(!json.lines.join("").includes("\x1b"));
});

Deno.test("createLogger() drops lines below its level", () => {
  const { log, lines } = setUp("json", "warn");
  log.debug("a");
  log.info("b");
  log.warn("c");
  log.error("d");
  assertEquals(lines.length, 2);
  assertEquals([log.enabled("info"), log.enabled("warn"), log.with({}).enabled("debug")], [false, true, false]);
});

Deno.test("createLogger() does not let a field stand in for time, level or message", () => {
  const { log, lines } = setUp("json");
  log.info("true", { level: "error", message: "false", time: 0 });
  assertEquals(JSON.parse(lines[0] ?? ""), {
    time: "2026-01-01T00:00:00.000Z",
    level: "info",
    message: "true",
    level_: "error",
    message_: "false",
    time_: 0,
  });
});

const nasty = fc.array(
  fc.constantFrom(
    "\n",
    "\r",
    "\u2028",
    "\u2029",
    "\u0085",
    "\x1b[2J",
    "\x9b",
    "\x7f",
    "\0",
    "\u202e",
    '"',
    "\\",
    "a",
    "=",
    "\ud800",
  ),
).map((parts) => parts.join(""));

for (const format of ["text", "json"] as const) {
  Deno.test(`createLogger() keeps one line one line and free of control characters (${format})`, () => {
    fc.assert(fc.property(nasty, nasty, nasty, (message, name, value) => {
      const { log, lines } = setUp(format);
      log.info(message, { [name]: value, deep: [{ [name]: value }] });
      const [line = ""] = lines;
      // deno-lint-ignore no-control-regex -- control characters are what it is about
      assertEquals(line.search(/[\u0000-\u001f\u007f-\u009f\u2028-\u202e]/), line.length - 1);
      assert(line.endsWith("\n"));
      if (format === "json") assertEquals(JSON.parse(line).message, message);
    }));
  });
}

Deno.test("createLogger() prints stacks at debug level only", () => {
  const debug = setUp("json", "debug");
  debug.log.info("x", { error: new Error("e") });
  assertStringIncludes(debug.lines.join(""), "logger_test.ts");
  const info = setUp("json");
  info.log.info("x", { error: new Error("e") });
  assert(!info.lines.join("").includes("logger_test.ts"));
});

Deno.test("createLogger() says how many lines a sink could not take, before the next it takes", () => {
  let open = false;
  const sink = memorySink("json", () => open);
  const log = createLogger({ level: "info", sinks: [sink], clock: new FakeClock(), color: false });
  log.info("one");
  log.info("two");
  open = true;
  log.info("three");
  log.info("four");
  const lines = sink.lines.map((line) => JSON.parse(line));
  assertEquals(lines.map((line) => line.message), ["log lines were lost", "three", "four"]);
  assertEquals(lines[0].lost, 2);
});
