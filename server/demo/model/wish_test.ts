import { assertEquals } from "@std/assert";
import { wantsSlow, wishOf } from "./wish.ts";

Deno.test("wishOf() reads what is asked for", () => {
  assertEquals(wishOf("Count to 12, please"), { kind: "count", to: 12 });
  assertEquals(wishOf("count to 999999999"), { kind: "count", to: 20_000 });
  assertEquals(wishOf("Give me 200 code blocks"), { kind: "long", blocks: 200, bytes: 0 });
  assertEquals(wishOf("200 KB of it"), { kind: "long", blocks: 0, bytes: 200 * 1024 });
  assertEquals(wishOf("a long answer"), { kind: "long", blocks: 0, bytes: 64 * 1024 });
  assertEquals(wishOf("make me a table"), { kind: "table" });
  assertEquals(wishOf("code in Python and Rust"), { kind: "code", languages: ["python", "rust"] });
});

Deno.test("wishOf() is not fooled by other uses of long", () => {
  for (const text of ["How long is it?", "as long as you like", "a long time ago", "belong"]) {
    assertEquals(wishOf(text).kind, "explain", text);
  }
});

Deno.test("wantsSlow() hears the word only", () => {
  assertEquals(["Speak slowly", "SLOW", "slower!", "slowdown"].map(wantsSlow), [true, true, true, false]);
});
