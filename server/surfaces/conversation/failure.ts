import { RefusedError } from "../../conversations/mod.ts";
import { GatehouseError } from "../../errors/mod.ts";
import { asGatehouseError } from "../../http/mod.ts";

/** The answer for a turn that failed: the upstream's refusal crosses as it came. @throws any other failure */
export function failureAnswer(failure: Error): Response {
  if (!(failure instanceof RefusedError)) throw failure;
  const { body, status, headers } = failure.refused;
  return new Response(body, { status, headers });
}

/** The error body for a turn that failed after its answer had begun: of a refusal, the upstream's own if it is one. */
export function failureBody(failure: Error): unknown {
  if (!(failure instanceof RefusedError)) return asGatehouseError(failure).toBody();
  return errorObject(failure.refused.body) ?? new GatehouseError("upstream_failed", failure.message).toBody();
}

/** A body that has the form of an error (`{"error":{…}}`); null: it has not. */
function errorObject(bytes: Uint8Array): object | null {
  try {
    const value: unknown = JSON.parse(new TextDecoder().decode(bytes));
    return isObject(value) && "error" in value && isObject(value.error) ? value : null;
  } catch {
    return null;
  }
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
