import * as oauth from "oauth4webapi";
import { type HttpClient, NetworkError } from "../network/mod.ts";
import { isLoopbackHost, type OAuthSettings } from "../settings/mod.ts";

/** How the protocol library reaches the provider: through our client, with our limits, never following a redirect. */
export interface Transport {
  readonly http: HttpClient;
  readonly signal: AbortSignal;
  /** Milliseconds a sent request is left open. */
  readonly silence: number;
  readonly attempts?: number;
}

/** The options that every call of oauth4webapi is given here. */
export function protocolOptions({ http, signal, silence, attempts = 1 }: Transport): {
  [oauth.customFetch]: (
    url: string,
    options: oauth.CustomFetchOptions<string, URLSearchParams | undefined | null>,
  ) => Promise<Response>;
  [oauth.allowInsecureRequests]: boolean;
} {
  return {
    [oauth.customFetch]: (url, { method, headers, body }) =>
      http.fetch({
        url: new URL(url),
        method,
        headers: new Headers(headers),
        ...(body ? { body: body.toString() } : {}),
        signal,
        silence,
        attempts,
      }),
    // The settings let http pass on loopback only, and discovered endpoints are held to the same below.
    [oauth.allowInsecureRequests]: true,
  };
}

/** The client as the settings describe it. */
export function clientOf(settings: OAuthSettings): oauth.Client {
  return { client_id: settings.clientId };
}

/** Client authentication is configured, never guessed: guessing would send the token twice. */
export function clientAuthOf(settings: OAuthSettings): oauth.ClientAuth {
  const secret = settings.clientSecret?.reveal();
  if (settings.clientAuth === "none" || secret === undefined) return oauth.None();
  return settings.clientAuth === "basic" ? oauth.ClientSecretBasic(secret) : oauth.ClientSecretPost(secret);
}

/** Why the provider's metadata cannot be used; nothing secret was sent. */
export class DiscoveryError extends Error {
  override readonly name = "DiscoveryError";
}

/**
 * The provider's endpoints: the configured ones over the discovered ones (RFC 8414, OpenID Connect Discovery). Without an
 * issuer nothing is asked.
 */
export async function discover(settings: OAuthSettings, transport: Transport): Promise<oauth.AuthorizationServer> {
  const explicit = {
    ...(settings.tokenUrl && { token_endpoint: settings.tokenUrl.href }),
    ...(settings.deviceUrl && { device_authorization_endpoint: settings.deviceUrl.href }),
    ...(settings.authorizeUrl && { authorization_endpoint: settings.authorizeUrl.href }),
    ...(settings.revokeUrl && { revocation_endpoint: settings.revokeUrl.href }),
  };
  if (settings.issuer === null) return { issuer: settings.tokenUrl?.origin ?? "", ...explicit };
  return { ...await metadata(settings.issuer, transport), ...explicit };
}

async function metadata(issuer: URL, transport: Transport): Promise<oauth.AuthorizationServer> {
  let reason = "";
  for (const algorithm of ["oidc", "oauth2"] as const) {
    const response = await oauth.discoveryRequest(issuer, { ...protocolOptions(transport), algorithm });
    if (response.status === 404) {
      await response.body?.cancel();
      reason = "it has no metadata document";
      continue;
    }
    try {
      const server = await oauth.processDiscoveryResponse(issuer, response);
      const insecure = endpointsOf(server).find((url) => !isSecure(url));
      if (insecure === undefined) return server;
      reason = "its metadata names an endpoint that is not https";
    } catch (error) {
      if (error instanceof NetworkError) throw error;
      reason =
        `its metadata cannot be used (status ${response.status}; the issuer in it must equal OAUTH_ISSUER exactly)`;
    } finally {
      if (!response.bodyUsed) await response.body?.cancel();
    }
    break;
  }
  throw new DiscoveryError(
    `Cannot read the metadata of the issuer ${issuer.origin}: ${reason}; check OAUTH_ISSUER, or set OAUTH_TOKEN_URL`,
  );
}

function endpointsOf(server: oauth.AuthorizationServer): string[] {
  return [
    server.token_endpoint,
    server.device_authorization_endpoint,
    server.authorization_endpoint,
    server.revocation_endpoint,
  ].filter((url) => url !== undefined);
}

function isSecure(url: string): boolean {
  if (!URL.canParse(url)) return false;
  const { protocol, hostname } = new URL(url);
  return protocol === "https:" || (protocol === "http:" && isLoopbackHost(hostname));
}
