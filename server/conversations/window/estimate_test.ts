import { assert, assertEquals } from "@std/assert";
import { countTokens as cl100k } from "gpt-tokenizer/encoding/cl100k_base";
import { countTokens as o200k } from "gpt-tokenizer/encoding/o200k_base";
import { Buffer } from "node:buffer";
import fc from "fast-check";
import { estimateTokens } from "./estimate.ts";
import { SAMPLES } from "./samples_fixture.ts";

const AS_TEXT = { disallowedSpecial: new Set<string>() };

for (const [kind, text] of Object.entries(SAMPLES)) {
  Deno.test(`estimateTokens() is not under the real count: ${kind}`, () => {
    const estimate = estimateTokens(text);
    const real = Math.max(o200k(text, AS_TEXT), cl100k(text, AS_TEXT));
    assert(estimate >= real, `${estimate} < ${real}`);
    assert(estimate <= Math.ceil(real * 2.1), `${estimate} is far above ${real}`);
  });
}

Deno.test("estimateTokens() stays within half more than the real count for English", () => {
  const text = SAMPLES.English ?? "";
  assert(estimateTokens(text) <= 1.5 * o200k(text));
});

Deno.test("estimateTokens() is never more than the bytes, and less for no text", () => {
  assertEquals(estimateTokens(""), 0);
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (text) => {
      const estimate = estimateTokens(text);
      assert(Number.isInteger(estimate));
      assert(estimate <= Buffer.byteLength(text));
    }),
    { numRuns: 200 },
  );
});

Deno.test("estimateTokens() is not under the real count of random base64", () => {
  fc.assert(
    fc.property(fc.noBias(fc.uint8Array({ minLength: 600, maxLength: 900 })), (bytes) => {
      const text = bytes.toBase64();
      assert(estimateTokens(text) >= o200k(text));
    }),
    { numRuns: 200 },
  );
});
