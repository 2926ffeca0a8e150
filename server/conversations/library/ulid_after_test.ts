import { assert, assertEquals, assertThrows } from "@std/assert";
import { decodeTime } from "@std/ulid";
import fc from "fast-check";
import { isUlid, ulidAfter } from "./ulid_after.ts";

Deno.test("ulidAfter() is of its time where nothing later is there", () => {
  const id = ulidAfter(null, 1_700_000_000_000, () => 0.999);
  assertEquals(decodeTime(id), 1_700_000_000_000);
  assertEquals(id.slice(10), "Z".repeat(16));
});

Deno.test("ulidAfter() is the next one where the clock is behind", () => {
  const last = `${ulidAfter(null, 2_000, () => 0).slice(0, 20)}0ZZZZZ`;
  assertEquals(ulidAfter(last, 1_000, Math.random), `${last.slice(0, 20)}100000`);
  assertThrows(() => ulidAfter("Z".repeat(26), 0, Math.random), RangeError);
});

Deno.test("ulidAfter() sorts after all before it, whatever the clocks say", () => {
  fc.assert(
    fc.property(fc.array(fc.nat(2 ** 40), { minLength: 1 }), (times) => {
      let last: string | null = null;
      for (const now of times) {
        const id: string = ulidAfter(last, now, Math.random);
        assert(isUlid(id) && (last === null || id > last));
        last = id;
      }
    }),
    { numRuns: 100 },
  );
});
