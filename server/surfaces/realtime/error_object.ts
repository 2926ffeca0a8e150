import { RefusedError } from "../../conversations/mod.ts";
import { GatehouseError } from "../../errors/mod.ts";
import { asGatehouseError } from "../../http/mod.ts";

/** What went wrong, as the `error` of the one error body; of a refusal, the `error` of the upstream's own body. */
export function errorObject(thrown: unknown): unknown {
  if (!(thrown instanceof RefusedError)) return asGatehouseError(thrown).toBody().error;
  return errorOf(thrown.refused.body) ?? new GatehouseError("upstream_failed", thrown.message).toBody().error;
}

/** The `error` object of a JSON body; null: it has none. */
function errorOf(body: Uint8Array): object | null {
  try {
    const value: unknown = JSON.parse(new TextDecoder().decode(body));
    if (!isObject(value) || !("error" in value)) return null;
    return isObject(value.error) ? value.error : null;
  } catch {
    return null;
  }
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
