import { safeUrl } from "../../network/mod.ts";
import { isLoopbackHost } from "../../settings/mod.ts";
import type { Examination } from "./effects.ts";
import { fail, type Finding, ok } from "./finding.ts";
import { readObject } from "./read_json.ts";
import { LIMIT, limited, SILENCE } from "./time_limit.ts";

/** What the issuer's metadata said. */
export interface Discovery {
  readonly findings: readonly Finding[];
  /** Null: none that may be used. */
  readonly tokenUrl: URL | null;
}

const FIX = "Check OAUTH_ISSUER, or set OAUTH_TOKEN_URL.";

/**
 * Reads the issuer's metadata (OpenID Connect Discovery, else RFC 8414) and holds it against the issuer, which must be
 * the same exactly (RFC 9700 section 2.1).
 *
 * @throws {NetworkError}
 */
export async function checkDiscovery(exam: Examination, issuer: URL): Promise<Discovery> {
  return await limited(exam, LIMIT, async (signal) => {
    for (const url of metadataUrls(issuer)) {
      const headers = new Headers({ accept: "application/json" });
      const response = await exam.effects.http.fetch({ url, headers, signal, silence: SILENCE });
      const document = await readObject(exam, response, signal);
      if (response.status === 404) continue;
      if (response.ok && document !== null) return judge(issuer, document);
      return wrong(`${safeUrl(url)} answers ${response.status}, and not with metadata`, FIX);
    }
    return wrong(`${safeUrl(issuer)} has no metadata document (404)`, FIX);
  });
}

function metadataUrls(issuer: URL): readonly URL[] {
  const path = issuer.pathname.replace(/\/$/, "");
  return [
    new URL(`${path}/.well-known/openid-configuration`, issuer),
    new URL(`/.well-known/oauth-authorization-server${path}`, issuer),
  ];
}

function judge(issuer: URL, document: Readonly<Record<string, unknown>>): Discovery {
  const named = typeof document.issuer === "string" ? URL.parse(document.issuer) : null;
  if (named === null) return wrong("the metadata names no issuer", FIX);
  if (named.href !== issuer.href) {
    return wrong(
      `the metadata is for ${safeUrl(named)}, not for ${safeUrl(issuer)}`,
      "Set OAUTH_ISSUER to the former if you trust it.",
    );
  }
  const token = endpoint(document.token_endpoint);
  if (token === null) return wrong("the metadata names no token endpoint that is https", "Set OAUTH_TOKEN_URL.");
  const device = endpoint(document.device_authorization_endpoint) !== null;
  const login = device ? "it offers device login" : "it offers no device login: use `gatehouse login --browser`";
  return { findings: [ok("discovery", `the metadata is the issuer's own; ${login}`)], tokenUrl: token };
}

function endpoint(value: unknown): URL | null {
  const url = typeof value === "string" ? URL.parse(value) : null;
  if (url === null) return null;
  return url.protocol === "https:" || (url.protocol === "http:" && isLoopbackHost(url.hostname)) ? url : null;
}

function wrong(found: string, fix: string): Discovery {
  return { findings: [fail("discovery", found, fix)], tokenUrl: null };
}
