import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { Borders } from "./borders.ts";

/** The events of `text` as they are found when it comes in portions of `size` bytes. */
function split(text: string, size = text.length): string[] {
  const bytes = new TextEncoder().encode(text);
  const borders = new Borders();
  const ends: number[] = [];
  for (let at = 0; at < bytes.length; at += size) borders.read(bytes, at, Math.min(at + size, bytes.length), ends);
  if (borders.end()) ends.push(bytes.length);
  return ends.map((end, index) => text.slice(ends[index - 1] ?? 0, end));
}

Deno.test("Borders finds the end of events with LF, CRLF, CR and all mixed", () => {
  for (const ending of ["\n", "\r\n", "\r"]) {
    const events = ["data: a", "data: b\u0001\t" + ending + "data: c"].map((event) => event + ending + ending);
    assertEquals(split(events.join("") + "data: d" + ending), events);
  }
  assertEquals(split("a\n\r\nb\r\n\nc\r\r\nd\n\re"), ["a\n\r\n", "b\r\n\n", "c\r\r", "\nd\n\r"]);
  assertEquals(split("\n\na\n\n\n"), ["\n", "\n", "a\n\n", "\n"]);
});

Deno.test("Borders does not cut a CRLF in two, but takes a last CR for a border", () => {
  assertEquals(split("a\r\n\r\nb", 4), ["a\r\n\r\n"]);
  assertEquals(split("a\r\n\r", 1), ["a\r\n\r"]);
});

Deno.test("Borders finds the same however the bytes were cut", () => {
  const text = fc.array(fc.constantFrom("\n", "\r", "\r\n", "a", "\t"), { maxLength: 30 }).map((parts) =>
    parts.join("")
  );
  fc.assert(fc.property(text, fc.integer({ min: 1, max: 5 }), (whole, size) => {
    assertEquals(split(whole, size), split(whole));
  }));
});
