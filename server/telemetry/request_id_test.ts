import { assertEquals, assertMatch, assertNotEquals } from "@std/assert";
import { requestId } from "./mod.ts";

const ULID = /^[0-9A-HJKMNP-TV-Z]{26}$/;

Deno.test("requestId() keeps a sane id of the caller", () => {
  for (const id of ["a", "req-1_2.3", "x".repeat(128)]) assertEquals(requestId(id), id);
});

Deno.test("requestId() makes a ULID where there is none or a strange one", () => {
  for (const id of [null, "", "x".repeat(129), "a b", "a\nb", "é", "a\n", '"']) assertMatch(requestId(id), ULID);
  assertNotEquals(requestId(null), requestId(null));
});
