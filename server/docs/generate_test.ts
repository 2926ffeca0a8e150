import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { errorsTable, fillBlocks } from "./generate.ts";

Deno.test("fillBlocks() replaces what stands between markers and nothing else", () => {
  const text = "a\n<!-- x -->\nold | $& \n<!-- /x -->\nb\n";
  const filled = fillBlocks(text, { x: "$& new\n", y: "unused" });
  assertEquals(filled, "a\n<!-- x -->\n\n$& new\n\n<!-- /x -->\nb\n");
  assertEquals(fillBlocks(filled, { x: "$& new\n" }), filled);
});

Deno.test("fillBlocks() refuses a marker without its end", () => {
  assertThrows(() => fillBlocks("<!-- x -->\n", { x: "new" }), Error, "<!-- /x --> is missing");
});

Deno.test("errorsTable() has one row a code", () => {
  assertStringIncludes(errorsTable(), "| `reauth_required` | 503 | ");
});
