import type { Logger } from "../../telemetry/mod.ts";
import { type AuthorizationCodes, verifierFits } from "./authorization_codes.ts";
import type { DeviceCodes } from "./device_codes.ts";
import { noStoreJson, OAuthError } from "./oauth_error.ts";
import { knownClient, type Parameters, readForm, required } from "./parameters.ts";
import { familyOf, type TokenPair, type TokenStore } from "./token_store.ts";

/** What the token endpoint draws on. */
export interface TokenEndpoint {
  readonly tokens: TokenStore;
  readonly codes: AuthorizationCodes;
  readonly devices: DeviceCodes;
  readonly log: Logger;
}

/**
 * `POST /token` (RFC 6749 §3.2).
 *
 * @throws OAuthError when the grant is refused
 */
export async function answerToken(at: TokenEndpoint, request: Request): Promise<Response> {
  const form = await readForm(request);
  const grant = required(form, "grant_type");
  const clientId = knownClient(form);
  const pair = redeem(at, grant, form, clientId);
  at.log.debug("Demo token issued", { grant });
  return noStoreJson({
    access_token: pair.accessToken,
    token_type: "Bearer",
    expires_in: pair.expiresIn,
    refresh_token: pair.refreshToken,
    scope: pair.scope,
  });
}

function redeem(at: TokenEndpoint, grant: string, form: Parameters, clientId: string): TokenPair {
  switch (grant) {
    case "refresh_token":
      return byRefreshToken(at, required(form, "refresh_token"), clientId);
    case "authorization_code":
      return byCode(at, form, clientId);
    case "urn:ietf:params:oauth:grant-type:device_code":
      return byDeviceCode(at, required(form, "device_code"));
    default:
      throw new OAuthError("unsupported_grant_type", "The demo knows refresh_token, authorization_code, device_code");
  }
}

function byRefreshToken(at: TokenEndpoint, refreshToken: string, clientId: string): TokenPair {
  const pair = at.tokens.rotate(refreshToken, clientId);
  if (pair === "reused") {
    at.log.warn("Demo refresh token was used twice: its family is revoked");
    throw new OAuthError("invalid_grant", "This refresh token was used before; all that came of it is revoked");
  }
  if (pair === "unknown") throw new OAuthError("invalid_grant", "This refresh token is unknown or revoked");
  return pair;
}

function byCode(at: TokenEndpoint, form: Parameters, clientId: string): TokenPair {
  const code = required(form, "code");
  const redirectUri = required(form, "redirect_uri");
  const verifier = required(form, "code_verifier");
  const taken = at.codes.take(code);
  if (taken === null) throw new OAuthError("invalid_grant", "This code is unknown or has expired");
  if ("spentBy" in taken) {
    if (taken.spentBy !== null) at.tokens.revokeFamily(taken.spentBy);
    throw new OAuthError("invalid_grant", "This code was used before; all that came of it is revoked");
  }
  const { grant } = taken;
  if (grant.clientId !== clientId || grant.redirectUri !== redirectUri) {
    throw new OAuthError("invalid_grant", "This code belongs to another client or redirect_uri");
  }
  if (!verifierFits(verifier, grant.challenge)) {
    throw new OAuthError("invalid_grant", "code_verifier does not fit the code_challenge");
  }
  const pair = at.tokens.begin(clientId, grant.scope);
  taken.begun(familyOf(pair.refreshToken));
  return pair;
}

function byDeviceCode(at: TokenEndpoint, deviceCode: string): TokenPair {
  const poll = at.devices.poll(deviceCode);
  switch (poll.state) {
    case "approved":
      return at.tokens.begin(poll.clientId, poll.scope);
    case "pending":
      throw new OAuthError("authorization_pending", "The person has not decided yet");
    case "slow_down":
      throw new OAuthError("slow_down", "Wait 5 seconds longer between polls");
    case "denied":
      throw new OAuthError("access_denied", "The person said no");
    case "expired":
      throw new OAuthError("expired_token", "This device code has expired");
    case "unknown":
      throw new OAuthError("invalid_grant", "This device code is unknown or was used");
  }
}
