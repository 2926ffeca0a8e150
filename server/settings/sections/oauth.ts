import type { OAuthSettings } from "../settings.ts";
import type { Values } from "../values.ts";

/** The OAuth2 client. Endpoints: explicit beats issuer beats host. */
export function oauthSettings(values: Values): OAuthSettings {
  const grant = values.get("OAUTH_GRANT");
  values.require("OAUTH_CLIENT_ID", "the client id registered with the provider");
  if (!values.isSet("OAUTH_HOST") && !values.isSet("OAUTH_ISSUER")) {
    values.require("OAUTH_TOKEN_URL", "the provider's token URL, or OAUTH_ISSUER, or OAUTH_HOST");
  }
  return {
    kind: "oauth2",
    grant,
    issuer: values.get("OAUTH_ISSUER"),
    tokenUrl: tokenUrl(values),
    deviceUrl: values.get("OAUTH_DEVICE_URL"),
    authorizeUrl: values.get("OAUTH_AUTHORIZE_URL"),
    revokeUrl: values.get("OAUTH_REVOKE_URL"),
    redirectUri: values.get("OAUTH_REDIRECT_URI"),
    clientId: values.get("OAUTH_CLIENT_ID") ?? "",
    clientSecret: values.get("OAUTH_CLIENT_SECRET"),
    clientAuth: clientAuth(values, grant),
    scope: values.get("OAUTH_SCOPE"),
    extraParams: values.get("OAUTH_EXTRA_PARAMS") ?? [],
    refreshToken: values.get("OAUTH_REFRESH_TOKEN"),
    accessToken: values.get("OAUTH_ACCESS_TOKEN"),
    accessTokenExpiresAt: values.get("OAUTH_ACCESS_TOKEN_EXPIRES_AT"),
  };
}

function tokenUrl(values: Values): URL | null {
  const explicit = values.get("OAUTH_TOKEN_URL");
  const host = values.get("OAUTH_HOST");
  if (explicit !== null || host === null || values.isSet("OAUTH_ISSUER")) return explicit;
  return new URL(`https://${host}/oauth2/v1/token`);
}

function clientAuth(values: Values, grant: OAuthSettings["grant"]): OAuthSettings["clientAuth"] {
  const chosen = values.get("OAUTH_CLIENT_AUTH");
  const hasSecret = values.isSet("OAUTH_CLIENT_SECRET");
  const auth = chosen ?? (hasSecret ? "basic" : "none");
  if (grant === "client_credentials") {
    values.require("OAUTH_CLIENT_SECRET", "a secret, because OAUTH_GRANT is client_credentials");
    if (chosen === "none") {
      values.fault("OAUTH_CLIENT_AUTH", `"none"`, "basic or post, because OAUTH_GRANT is client_credentials");
    }
  } else if (auth !== "none") {
    values.require("OAUTH_CLIENT_SECRET", `a secret, because OAUTH_CLIENT_AUTH is ${auth}`);
  }
  return auth;
}
