import { hostAndPort } from "../types/host_types.ts";
import { instant } from "../types/number_types.ts";
import { parameterPairs } from "../types/pair_types.ts";
import { line, oneOf, password, token } from "../types/text_types.ts";
import { issuerUrl, secureUrl } from "../types/url_types.ts";
import type { Variable } from "./variable.ts";

export const OAUTH_VARIABLES = {
  OAUTH_HOST: { type: hostAndPort, help: "Provider's host; the token URL is https://{host}/oauth2/v1/token." },
  OAUTH_ISSUER: { type: issuerUrl, help: "Provider's issuer; its endpoints are discovered. Beats OAUTH_HOST." },
  OAUTH_TOKEN_URL: { type: secureUrl, help: "Token endpoint. Beats OAUTH_ISSUER and OAUTH_HOST." },
  OAUTH_DEVICE_URL: { type: secureUrl, help: "Device authorization endpoint, for `gatehouse login`." },
  OAUTH_AUTHORIZE_URL: { type: secureUrl, help: "Authorization endpoint, for `gatehouse login` in a browser." },
  OAUTH_REVOKE_URL: { type: secureUrl, help: "Revocation endpoint, for `gatehouse logout`." },
  OAUTH_REDIRECT_URI: {
    type: secureUrl,
    unset: "a free loopback port",
    help: "Redirect URI registered for the client.",
  },
  OAUTH_GRANT: {
    type: oneOf("refresh_token", "client_credentials"),
    default: "refresh_token",
    help: "How access tokens are got.",
  },
  OAUTH_CLIENT_ID: { type: line, help: "Client id registered with the provider." },
  OAUTH_CLIENT_SECRET: { type: password, help: "Client secret, if the client has one." },
  OAUTH_CLIENT_AUTH: {
    type: oneOf("none", "basic", "post"),
    unset: "none without a secret, basic with one",
    help: "How the client authenticates at the token endpoint.",
  },
  OAUTH_SCOPE: { type: line, help: "Scopes to ask for, separated by spaces." },
  OAUTH_EXTRA_PARAMS: { type: parameterPairs, help: "Parameters added to every request to the provider." },
  OAUTH_REFRESH_TOKEN: {
    type: token,
    unset: "log in by `gatehouse login`",
    help: "First refresh token; adopted once, then the stored one counts.",
  },
  OAUTH_ACCESS_TOKEN: { type: token, help: "Access token that is still good; read once." },
  OAUTH_ACCESS_TOKEN_EXPIRES_AT: { type: instant, help: "When OAUTH_ACCESS_TOKEN expires." },
} as const satisfies Record<string, Variable<unknown>>;
