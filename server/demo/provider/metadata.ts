import { DEMO_SCOPE } from "./client.ts";

/** The issuer identifier: with its slash, so that it is the same text as the URL's `href`. */
export function issuerOf(origin: string): string {
  return `${origin}/`;
}

/** Authorization server metadata (RFC 8414 §2, RFC 8628 §4, RFC 9207 §3). */
export function metadata(origin: string) {
  return {
    issuer: issuerOf(origin),
    authorization_endpoint: `${origin}/authorize`,
    token_endpoint: `${origin}/token`,
    device_authorization_endpoint: `${origin}/device_authorization`,
    revocation_endpoint: `${origin}/revoke`,
    scopes_supported: DEMO_SCOPE.split(" "),
    response_types_supported: ["code"],
    response_modes_supported: ["query"],
    grant_types_supported: ["authorization_code", "refresh_token", "urn:ietf:params:oauth:grant-type:device_code"],
    token_endpoint_auth_methods_supported: ["none"],
    revocation_endpoint_auth_methods_supported: ["none"],
    code_challenge_methods_supported: ["S256"],
    authorization_response_iss_parameter_supported: true,
  };
}
