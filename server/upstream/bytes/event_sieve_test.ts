import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { EventSieve, MAX_HELD } from "./event_sieve.ts";
import { openaiChat } from "./openai_chat.ts";
import { concat } from "./splice.ts";

const utf8 = (text: string) => new TextEncoder().encode(text);
const event = (value: unknown) => `data: ${JSON.stringify(value)}\n\n`;
const text = (content: string) => event({ choices: [{ delta: { content }, finish_reason: null }], usage: null });

const USAGE = { prompt_tokens: 3, completion_tokens: 4, total_tokens: 7 };
const FINISH = event({ choices: [{ delta: {}, finish_reason: "stop" }], usage: null });
const USAGE_ONLY = event({ choices: [], usage: USAGE });
const DONE = "data: [DONE]\n\n";

function sift(chunks: readonly Uint8Array[], passUsage = false) {
  const sieve = new EventSieve(openaiChat, passUsage);
  const out: Uint8Array[] = [];
  const keep = (bytes: Uint8Array | null) => bytes !== null && out.push(bytes);
  for (const chunk of chunks) {
    sieve.push(chunk);
    keep(sieve.take());
  }
  const { bytes, end } = sieve.finish();
  keep(bytes);
  const { usage, midway, contentBytes } = sieve;
  return { text: new TextDecoder().decode(concat(out)), end, usage, midway, contentBytes };
}

const siftText = (whole: string, passUsage = false) => sift([utf8(whole)], passUsage);

function cut(bytes: Uint8Array, sizes: readonly number[]): Uint8Array[] {
  const chunks: Uint8Array[] = [];
  let at = 0;
  for (let i = 0; at < bytes.length; i++) {
    const size = sizes[i % sizes.length] ?? 1;
    chunks.push(bytes.subarray(at, at + size));
    at += size;
  }
  return chunks;
}

Deno.test("EventSieve drops the usage-only event unless the client asked", () => {
  const whole = text("a") + FINISH + USAGE_ONLY + DONE;
  assertEquals(siftText(whole), {
    text: text("a") + FINISH + DONE,
    end: "done",
    usage: USAGE,
    midway: false,
    contentBytes: 1,
  });
  assertEquals(siftText(whole, true).text, whole);
});

Deno.test("EventSieve keeps usage that comes with content", () => {
  const last = event({ choices: [{ delta: { content: "b" }, finish_reason: "stop" }], usage: USAGE });
  const { text: out, usage } = siftText(text("a") + last + DONE);
  assertEquals(out, text("a") + last + DONE);
  assertEquals(usage, USAGE);
});

Deno.test("EventSieve does not mistake content for structure", () => {
  const tricky = text('data: [DONE]\n\n"usage": {"prompt_tokens":9} "finish_reason":"stop"') + text("[DONE]");
  const result = siftText(tricky + FINISH);
  assertEquals(result.text, tricky + FINISH + DONE);
  assertEquals(result.usage, null);
  assertEquals(siftText(tricky).end, "truncated");
});

Deno.test("EventSieve ignores what follows the end mark", () => {
  assertEquals(siftText(FINISH + DONE + text("late") + "garb").text, FINISH + DONE);
});

Deno.test("EventSieve adds the end mark after a finish reason", () => {
  assertEquals(siftText(text("a") + FINISH), {
    text: text("a") + FINISH + DONE,
    end: "done",
    usage: null,
    midway: false,
    contentBytes: 1,
  });
  assertEquals(siftText(FINISH + "data: [DONE]").text, FINISH + DONE);
  assertEquals(siftText(FINISH + ": bye").end, "done");
});

Deno.test("EventSieve calls a stream without end mark and finish reason truncated", () => {
  for (const whole of ["", text("a"), text("a") + "data: {", FINISH + "data: {"]) {
    const { end, text: out } = siftText(whole);
    assertEquals(end, "truncated");
    assertEquals(out, whole.replace(/data: \{$/, ""));
  }
});

Deno.test("EventSieve takes the upstream's own error event as an end without end mark", () => {
  const whole = text("a") + event({ error: { message: "overloaded" } });
  const { end, text: out } = siftText(whole);
  assertEquals([end, out], ["upstream_failed", whole]);
});

Deno.test("EventSieve knows data in several lines, without a space, and after a byte order mark", () => {
  const split = `id: 7\ndata:{"choices":[],\ndata:"usage":${JSON.stringify(USAGE)}}\n\n`;
  assertEquals(siftText(FINISH + split + "data:[DONE]\n\n").text, FINISH + "data:[DONE]\n\n");
  const marked = sift([utf8("\ufeff" + USAGE_ONLY + FINISH + DONE)]);
  assertEquals(marked.text, FINISH + DONE);
  assertEquals(marked.usage, USAGE);
});

Deno.test("EventSieve holds an incomplete event back up to its limit, then lets it go", () => {
  const sieve = new EventSieve(openaiChat, false);
  sieve.push(new Uint8Array(MAX_HELD).fill(65));
  assertEquals(sieve.take(), null);
  assertEquals(sieve.midway, false);
  sieve.push(utf8("B"));
  assertEquals(sieve.take()?.length, MAX_HELD + 1);
  assertEquals(sieve.midway, true);
  sieve.push(utf8("C"));
  assertEquals(sieve.take(), utf8("C"));
  sieve.push(utf8("\n\ndata"));
  assertEquals(sieve.take(), utf8("\n\n"));
  assertEquals([sieve.midway, sieve.held], [false, 4]);
});

Deno.test("EventSieve treats an event beyond its limit the same whether it came whole or in pieces", () => {
  const long = utf8(`data: {"choices":[],${" ".repeat(MAX_HELD)}"usage":${JSON.stringify(USAGE)}}\n\n` + FINISH + DONE);
  const whole = sift([long]);
  assertEquals(whole, sift(cut(long, [1000])));
  assertEquals([whole.text.length, whole.usage], [long.length, null]);
});

Deno.test("EventSieve counts what the model says in whole events and in pieces, up to the end mark", () => {
  const long = text('é"'.repeat(MAX_HELD));
  const whole = text("中") + long + text("\n") + FINISH + USAGE_ONLY + DONE + text("late");
  for (const size of [Infinity, 60_000, 4999]) {
    assertEquals(sift(cut(utf8(whole), [size])).contentBytes, 3 + 3 * MAX_HELD + 1);
  }
  const sieve = new EventSieve(openaiChat, false);
  sieve.push(utf8(text("abc") + text("de").slice(0, -1)));
  sieve.take();
  assertEquals(sieve.contentBytes, 3);
});

Deno.test("EventSieve reads CRLF and CR streams as it reads LF streams", () => {
  for (const ending of ["\r\n", "\r"]) {
    const lines = (events: string) => events.replaceAll("\n", ending);
    const result = siftText(lines(text("a") + FINISH + USAGE_ONLY + DONE));
    assertEquals([result.text, result.usage, result.end], [lines(text("a") + FINISH + DONE), USAGE, "done"]);
  }
});

Deno.test("EventSieve passes a line of 10 MB and goes on reading behind it", () => {
  const huge = text("x".repeat(10_000_000));
  const chunks = cut(utf8(huge + USAGE_ONLY + FINISH + DONE), [16_384]);
  const result = sift(chunks);
  assert(result.text === huge + FINISH + DONE);
  assertEquals([result.end, result.usage], ["done", USAGE]);
});

Deno.test("EventSieve is midway when a stream ends within an event that went out in part", () => {
  const result = siftText("data: " + "x".repeat(MAX_HELD));
  assertEquals([result.end, result.midway], ["truncated", true]);
});

const line = fc.constantFrom("\n", "\r\n", "\r");
const block = fc.oneof(
  { weight: 6, arbitrary: fc.string({ unit: "grapheme", maxLength: 8 }).map(text) },
  { weight: 2, arbitrary: fc.constant(USAGE_ONLY) },
  { weight: 2, arbitrary: fc.constantFrom(FINISH, ": ping\n\n", "event: x\ndata: 1\n\n", "\n", "\n\n", DONE) },
  { weight: 1, arbitrary: fc.constantFrom("data: {", "data: [DONE]", "data: [DONE]\n", ": c", "\n\r", "\r\r\n", "\r") },
  { weight: 1, arbitrary: fc.nat(3).map((more) => text("y".repeat(MAX_HELD - 100 + more * 40))) },
);
const stream = fc.array(fc.tuple(block, line), { maxLength: 10 })
  .map((blocks) => utf8(blocks.map(([lines, ending]) => lines.replaceAll("\n", ending)).join("")));

Deno.test("EventSieve gives the same bytes however its input was cut, with LF, CRLF, CR and all mixed", () => {
  const sizes = fc.oneof(
    fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 5 }),
    fc.array(fc.integer({ min: 1, max: 90_000 }), { minLength: 1, maxLength: 5 }),
  );
  fc.assert(
    fc.property(stream, sizes, fc.boolean(), (bytes, pieces, passUsage) => {
      assertEquals(sift(cut(bytes, pieces), passUsage), sift([bytes], passUsage));
    }),
    { numRuns: 400 },
  );
});

Deno.test("EventSieve loses no byte but usage-only events and a held tail", () => {
  fc.assert(fc.property(stream, (bytes) => {
    const whole = new TextDecoder().decode(bytes);
    const result = sift([bytes], true);
    const own = result.end === "done" && !whole.startsWith(result.text)
      ? result.text.slice(0, -DONE.length)
      : result.text;
    assert(whole.startsWith(own));
  }));
});
