import { assertEquals } from "@std/assert";
import { RefusedError } from "../../../conversations/mod.ts";
import { type ErrorCode, GatehouseError } from "../../../errors/mod.ts";
import { silentLogger } from "../../../telemetry/mod.ts";
import { errorObject } from "./error_object.ts";
import type { RpcCode } from "./rpc_error.ts";

Deno.test("errorObject() has a code for each kind of error, and says more in its data", () => {
  const rows: [ErrorCode, RpcCode][] = [
    ["invalid_field", -32602],
    ["model_required", -32602],
    ["model_not_found", -32602],
    ["session_busy", -32002],
    ["invalid_api_key", -32004],
    ["invalid_token", -32004],
    ["model_not_allowed", -32004],
    ["model_not_priced", -32004],
    ["not_found", -32004],
    ["rate_limit_exceeded", -32004],
    ["budget_exceeded", -32004],
    ["upstream_unreachable", -32003],
    ["upstream_unauthorized", -32003],
    ["upstream_failed", -32003],
    ["upstream_truncated", -32003],
    ["upstream_timeout", -32003],
    ["tool_results_missing", -32003],
    ["credential_unavailable", -32003],
    ["reauth_required", -32003],
    ["draining", -32003],
    ["storage_unavailable", -32603],
    ["internal_error", -32603],
  ];
  for (const [code, expected] of rows) {
    assertEquals(errorObject(new GatehouseError(code, "Cannot x"), silentLogger), {
      code: expected,
      message: "Cannot x",
      data: { code },
    });
  }
});

Deno.test("errorObject() repeats the upstream's refusal if it is JSON and not too long", () => {
  const data = (body: string, headers: Record<string, string> = {}) =>
    errorObject(
      new RefusedError({ kind: "refused", status: 429, headers, body: new TextEncoder().encode(body) }, "u"),
      silentLogger,
    ).data;
  assertEquals(data('{"error":{"message":"slow down"}}', { "retry-after": "7" }), {
    status: 429,
    retry_after: 7,
    body: { error: { message: "slow down" } },
  });
  assertEquals(data("<html>", { "retry-after": "Wed, 21 Oct 2026 07:28:00 GMT" }), { status: 429 });
  assertEquals(data(JSON.stringify({ long: "x".repeat(70_000) })), { status: 429 });
  assertEquals(data("[".repeat(10_000)), { status: 429 });
});
