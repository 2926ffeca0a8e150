import { GatehouseError } from "../errors/mod.ts";

/** The answer for an error of ours, in the one error body; `Retry-After` where it has one. */
export function errorResponse(error: GatehouseError): Response {
  const headers = new Headers({ ...error.headers, "content-type": "application/json" });
  if (error.retryAfterSeconds !== null) headers.set("retry-after", String(error.retryAfterSeconds));
  // RFC 9110 §15.5.2, RFC 6750 §3
  if (error.status === 401) headers.set("www-authenticate", "Bearer");
  // Nobody is there to read it; the status is for the log.
  if (error.status === 499) return new Response(null, { status: 499 });
  return new Response(JSON.stringify(error.toBody()), { status: error.status, headers });
}

/** Any thrown value as an error of ours. What is unknown is not shown: it may hold a secret. */
export function asGatehouseError(thrown: unknown): GatehouseError {
  if (thrown instanceof GatehouseError) return thrown;
  return new GatehouseError(
    "internal_error",
    "Cannot answer this request: a fault in the server; look up the x-request-id in its log",
  );
}
