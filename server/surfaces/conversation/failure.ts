import { RefusedError } from "../../conversations/mod.ts";
import { GatehouseError } from "../../errors/mod.ts";
import { asGatehouseError } from "../../http/mod.ts";
import type { RefusedCall } from "../../inference/mod.ts";
import type { Logger } from "../../telemetry/mod.ts";

/** The answer for a turn that failed: the upstream's refusal crosses as it came. @throws any other failure */
export function failureAnswer(failure: Error): Response {
  if (!(failure instanceof RefusedError)) throw failure;
  const { body, status, headers } = failure.refused;
  return new Response(body, { status, headers });
}

/** The error body for a turn that failed after its answer had begun. What nobody expected is logged. */
export function failureBody(failure: Error, log: Logger): unknown {
  if (failure instanceof RefusedError) return refusalBody(failure.refused);
  if (!(failure instanceof GatehouseError)) log.error("a fault while answering", { error: failure });
  return asGatehouseError(failure).toBody();
}

/** The upstream's own words where they have the form of an error. */
function refusalBody({ status, body }: RefusedCall): unknown {
  try {
    const value: unknown = JSON.parse(new TextDecoder().decode(body));
    if (isObject(value) && "error" in value && isObject(value.error)) return value;
  } catch {
    // It is no JSON.
  }
  return new GatehouseError(
    "upstream_failed",
    `Cannot answer this message: the upstream refused it with status ${status}; change the message or the settings`,
  ).toBody();
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
