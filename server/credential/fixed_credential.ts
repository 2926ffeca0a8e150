import type { Clock } from "../effects/mod.ts";
import { GatehouseError } from "../errors/mod.ts";
import type { ApiKeySettings } from "../settings/mod.ts";
import type { Authorization, Credential, CredentialState } from "./credential.ts";

/** The upstream asks for no credential. */
export function noCredential(clock: Clock): Credential {
  return fixed(
    clock,
    "none",
    { headers: [], generation: 0 },
    [],
    "The upstream asks for a credential but none is configured: set OAUTH_* or API_KEY_ENV_VAR",
  );
}

/** A static API key, sent as `authorization: Bearer …` or in the header that the settings name. */
export function apiKeyCredential(settings: ApiKeySettings, clock: Clock): Credential {
  const key = settings.key.reveal();
  const value = settings.header === "authorization" ? `Bearer ${key}` : key;
  return fixed(
    clock,
    "valid",
    { headers: [[settings.header, value]], generation: 0 },
    [key],
    `The upstream refused the API key in ${settings.variable}: put a valid key there and restart`,
  );
}

function fixed(
  clock: Clock,
  state: CredentialState,
  authorization: Authorization,
  secrets: readonly string[],
  refusal: string,
): Credential {
  const since = clock.now();
  return {
    authorize: () => authorization,
    rejected: () => Promise.reject(new GatehouseError("upstream_unauthorized", refusal)),
    health: () => ({ state, since, expiresAt: null, lastRefreshAt: null, lastError: null, fix: null, serving: true }),
    secrets: () => secrets,
    close: () => Promise.resolve(),
  };
}
