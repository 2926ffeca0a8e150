import { assertEquals, assertStringIncludes } from "@std/assert";
import { durationText } from "./headers.ts";
import { moneyText, refusalOf } from "./refusal.ts";

Deno.test("refusalOf() names whose limit it is, the limit, what was asked and what to do", () => {
  const never = refusalOf("key", { limit: "tpm", allowed: 500, left: 500, asked: 900, waitMs: null }, {});
  assertEquals([never.code, never.retryAfterSeconds], ["rate_limit_exceeded", 60]);
  for (const part of ["900 tokens", "key's whole limit of 500 tokens", "smaller max_tokens"]) {
    assertStringIncludes(never.message, part);
  }
  const later = refusalOf("user", { limit: "rpm", allowed: 3, left: 0, asked: 1, waitMs: 1_001 }, { a: "b" });
  assertEquals([later.retryAfterSeconds, later.headers], [2, { a: "b" }]);
  assertStringIncludes(later.message, "user's limit of 3 requests per minute");
  const budget = { limit: "budget", allowed: 2_500_000, left: 20, asked: 30, period: "2026-11", waitMs: 10 } as const;
  const spent = refusalOf("user", budget, {});
  assertEquals([spent.code, spent.retryAfterSeconds], ["budget_exceeded", 1]);
  assertStringIncludes(spent.message, "0.00003, and of the user's budget of 2.5 for 2026-11 0.00002 is left");
  assertStringIncludes(refusalOf("user", { ...budget, asked: 3e6 }, {}).message, "more than the user's whole budget");
});

Deno.test("moneyText() writes micros as a decimal number", () => {
  assertEquals([0, 1, 1_250_000, 10_000_000, 999_999].map(moneyText), ["0", "0.000001", "1.25", "10", "0.999999"]);
});

Deno.test("durationText() writes durations as OpenAI does", () => {
  assertEquals([0, 120, 1000, 1001, 59_001, 360_000].map(durationText), ["0s", "120ms", "1s", "2s", "1m0s", "6m0s"]);
});
