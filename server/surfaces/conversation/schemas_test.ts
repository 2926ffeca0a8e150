import { assert, assertEquals } from "@std/assert";
import { turnSchema } from "./schemas.ts";

Deno.test("turnSchema stops at the first part that is wrong: a body has room for millions", () => {
  for (const wrong of [1, {}, { type: "text" }, { type: "image_url" }, null, [[]]]) {
    const { error } = turnSchema.safeParse({ message: Array.from({ length: 500 }, () => wrong) });
    assertEquals(error?.issues.length, 1);
    assert(JSON.stringify(error?.issues).length < 1_000, JSON.stringify(wrong));
  }
});

Deno.test("turnSchema keeps content parts and metadata as they came", () => {
  const text = '{"message":[{"type":"text","text":"a","__proto__":{"type":"x"}},{"type":"other","more":[1]}],' +
    '"metadata":{"__proto__":{"admin":true},"constructor":null,"a":[{"b":1}]}}';
  const { data } = turnSchema.safeParse(JSON.parse(text));
  assert(data !== undefined);
  assertEquals(JSON.stringify(data), text);
  assertEquals("admin" in (data.metadata ?? {}), false);
});
