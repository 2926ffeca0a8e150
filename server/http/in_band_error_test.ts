import { assertEquals } from "@std/assert";
import { RefusedError } from "../conversations/mod.ts";
import { GatehouseError } from "../errors/mod.ts";
import { inBandError } from "./in_band_error.ts";

/** The upstream's refusal in these words. */
function refusal(body: string, headers: Readonly<Record<string, string>> = {}): RefusedError {
  return new RefusedError({ kind: "refused", status: 429, headers, body: new TextEncoder().encode(body) }, "u");
}

const OWN = refusal("").message;
const FILLED = { type: "api_error", param: null, code: "upstream_failed", status: 429 };

Deno.test("inBandError() is the error body of an error of ours, and says when to try again where that is known", () => {
  const cut = new GatehouseError("upstream_truncated", "Cannot answer: cut");
  assertEquals(inBandError(cut), cut.toBody());
  const busy = new GatehouseError("rate_limit_exceeded", "Cannot answer: slow", {
    param: "model",
    retryAfterSeconds: 3,
  });
  assertEquals(inBandError(busy), {
    error: {
      message: "Cannot answer: slow",
      type: "rate_limit_error",
      param: "model",
      code: "rate_limit_exceeded",
      retry_after: 3,
    },
    detail: "Cannot answer: slow",
  });
});

Deno.test("inBandError() shows nothing of what it does not know", () => {
  for (const thrown of [new TypeError("secret"), "secret", null]) {
    const { error, detail } = inBandError(thrown);
    assertEquals([error.code, error.message, JSON.stringify(error).includes("secret")], [
      "internal_error",
      detail,
      false,
    ]);
  }
});

Deno.test("inBandError() takes of a refusal what the upstream says in the four fields, and fills the rest", () => {
  const whole = { message: "slow down", type: "x", param: "messages", code: "y" };
  const cases: readonly (readonly [body: unknown, error: Readonly<Record<string, unknown>>])[] = [
    [{ error: { ...whole, extra: 1, status: 1, retry_after: 1 }, more: 1 }, { ...whole, status: 429 }],
    [{ error: { ...whole, param: null } }, { ...whole, param: null, status: 429 }],
    [{ error: { message: "slow down" } }, { ...FILLED, message: "slow down" }],
    [{ error: { message: "slow down", type: null, code: 429, param: 1 } }, { ...FILLED, message: "slow down" }],
    [{ error: { message: {}, code: "y" } }, { ...FILLED, message: OWN, code: "y" }],
    [{ error: "slow down" }, { ...FILLED, message: "slow down" }],
    [{ error: { message: "", type: "", code: "" } }, { ...FILLED, message: OWN }],
    [{ error: "" }, { ...FILLED, message: OWN }],
    [{ error: ["slow down"] }, { ...FILLED, message: OWN }],
    [{ message: "slow down" }, { ...FILLED, message: OWN }],
    [["slow down"], { ...FILLED, message: OWN }],
    [null, { ...FILLED, message: OWN }],
  ];
  for (const [body, error] of cases) {
    assertEquals(inBandError(refusal(JSON.stringify(body))), { error, detail: error["message"] } as unknown);
  }
  for (const text of ["", "<html>", "[".repeat(100_000)]) assertEquals(inBandError(refusal(text)).detail, OWN);
});

Deno.test("inBandError() tells a refusal's retry-after where it is seconds", () => {
  const retryAfter = (value: string) => inBandError(refusal("{}", { "retry-after": value })).error.retry_after;
  assertEquals(["0", "7", "86400"].map(retryAfter), [0, 7, 86_400]);
  for (const value of ["", "-1", "1.5", "x", "Wed, 21 Oct 2026 07:28:00 GMT", "9".repeat(20)]) {
    assertEquals(retryAfter(value), undefined, value);
  }
});
