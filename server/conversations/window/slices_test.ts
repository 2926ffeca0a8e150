import { assert, assertEquals } from "@std/assert";
import { countTokens as cl100k } from "gpt-tokenizer/encoding/cl100k_base";
import { countTokens as o200k } from "gpt-tokenizer/encoding/o200k_base";
import fc from "fast-check";
import { SAMPLES } from "./samples_fixture.ts";
import { slices } from "./slices.ts";

const AS_TEXT = { disallowedSpecial: new Set<string>() };
const anyText = fc.oneof(
  fc.string({ unit: "binary", maxLength: 80 }),
  fc.string({ unit: fc.constantFrom("a", "é", "B", " ", "1", "\n", ".", "'", "'s", "ा", "的", "𝒜"), maxLength: 80 }),
);

Deno.test("slices() loses nothing, and cuts no character in two", () => {
  fc.assert(
    fc.property(anyText, fc.integer({ min: 4, max: 20 }), (text, longest) => {
      const parts = [...slices(text, longest)].map((slice) => slice.text);
      assertEquals(parts.join(""), text);
      for (const part of parts) assert(part.length <= longest);
      assertEquals(parts.flatMap((part) => [...part]), [...text]);
    }),
    { numRuns: 200 },
  );
});

Deno.test("slices() tears no token where it says so", () => {
  fc.assert(
    fc.property(fc.oneof(anyText, fc.constantFrom(...Object.values(SAMPLES))), (text) => {
      // What was torn belongs together again.
      const whole: string[] = [];
      let torn = "";
      for (const slice of slices(text, 8)) {
        torn += slice.text;
        if (slice.isTorn) continue;
        whole.push(torn);
        torn = "";
      }
      for (const count of [o200k, cl100k]) {
        const sum = whole.reduce((tokens, part) => tokens + count(part, AS_TEXT), 0);
        assertEquals(sum, count(text, AS_TEXT));
      }
    }),
    { numRuns: 150 },
  );
});

Deno.test("slices() leaves the words of a text whole", () => {
  const text = "Words are separated by blanks, and a slice ends behind one of them. ".repeat(50);
  const parts = [...slices(text)];
  assert(parts.length > 5);
  assert(parts.every((slice) => !slice.isTorn && slice.text.length <= 512));
});

Deno.test("slices() tears what has no border", () => {
  const parts = [...slices("a".repeat(1200))];
  assertEquals(parts.map(({ text, isTorn }) => [text.length, isTorn]), [[512, true], [512, true], [176, false]]);
});
