import { GatehouseError } from "../errors/mod.ts";

/** The upstream does not take a token that is fresh. */
export function refused(): GatehouseError {
  return new GatehouseError(
    "upstream_unauthorized",
    "Cannot call the model: it refuses the access token even after a refresh; check OAUTH_SCOPE, the audience and LLM_API_URL",
  );
}

/** @param reason why there is no token now @param seconds until the next try */
export function unavailable(upstream: string, reason: string, seconds: number): GatehouseError {
  return new GatehouseError(
    "credential_unavailable",
    `Cannot call the model: the credential of upstream ${upstream} cannot be renewed just now (${reason}); try again later`,
    { retryAfterSeconds: Math.max(1, seconds) },
  );
}
