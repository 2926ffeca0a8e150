import { assertEquals, assertStrictEquals } from "@std/assert";
import fc from "fast-check";
import { redact } from "./redact.ts";

const bytes = (text: string) => new TextEncoder().encode(text);
const redacted = (text: string, ...secrets: string[]) => new TextDecoder().decode(redact(bytes(text), secrets));

Deno.test("redact() replaces every occurrence and nothing else", () => {
  assertEquals(redacted("abcab", "ab"), "[redacted]c[redacted]");
  assertEquals(redacted("one two", "one", "two"), "[redacted] [redacted]");
  assertEquals(redacted("a.c abc", "a.c"), "[redacted] abc");
});

Deno.test("redact() gives the same bytes back when there is nothing to hide", () => {
  const body = new Uint8Array([0xff, 0x00, 0xc3]);
  assertStrictEquals(redact(body, ["secret", ""]), body);
  assertStrictEquals(redact(body, []), body);
});

Deno.test("redact() keeps bytes that are no UTF-8", () => {
  const body = new Uint8Array([0xff, ...bytes("key"), 0xc3]);
  assertEquals(redact(body, ["key"]), new Uint8Array([0xff, ...bytes("[redacted]"), 0xc3]));
});

Deno.test("redact() finds what is mixed of several spellings", () => {
  for (const text of ["a/b+c", "a\\/b+c", "a\\u002Fb\\u002bc", "a%2fb%2Bc", "&#x61;&#47;b&#x2B;c", "\\u0061/b%2Bc"]) {
    assertEquals(redacted(`"${text}"`, "a/b+c"), '"[redacted]"');
  }
  assertEquals(redacted("\\u00e9 é %C3%A9 \\ud83d\\ude00 😀", "é", "😀"), Array(5).fill("[redacted]").join(" "));
});

Deno.test("redact() leaves no secret behind, wherever it stands", () => {
  fc.assert(fc.property(fc.string({ minLength: 12 }), fc.string(), fc.string(), (secret, before, after) => {
    for (const spelling of [secret, JSON.stringify(secret).slice(1, -1), encodeURIComponent(secret)]) {
      assertEquals(redacted(before + spelling + after, secret).includes(spelling), false);
    }
  }));
});
