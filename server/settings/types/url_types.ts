import { Secret } from "../../secrets/mod.ts";
import { isLoopbackHost } from "../loopback.ts";
import { hidden, type Parsed, type ValueType } from "./value_type.ts";

interface UrlRule {
  readonly expected: string;
  /** Refuses the URL, saying what would be right; null takes it. */
  readonly objection?: (url: URL) => string | null;
}

function urlType({ expected, objection }: UrlRule): ValueType<URL> {
  return {
    expected,
    secret: false,
    parse: (text): Parsed<URL> => {
      const url = URL.parse(text.trim());
      const refuse = (expected: string): Parsed<URL> => ({ ok: false, expected });
      if (url === null || !["http:", "https:"].includes(url.protocol)) return refuse(expected);
      if (url.username || url.password) {
        return refuse(`${expected}, without user info (to send a key, use API_KEY_ENV_VAR)`);
      }
      if (url.hash) return refuse(`${expected}, without a #fragment`);
      const reason = objection?.(url) ?? null;
      return reason === null ? { ok: true, value: url } : refuse(reason);
    },
  };
}

const SECURE = "an https URL (http only on loopback)";

function insecure(url: URL): string | null {
  return url.protocol === "https:" || isLoopbackHost(url.hostname) ? null : SECURE;
}

/** Any http or https URL. */
export const httpUrl: ValueType<URL> = urlType({ expected: "an http or https URL" });

/** A URL that a credential is sent to: https, or http on loopback. */
export const secureUrl: ValueType<URL> = urlType({ expected: SECURE, objection: insecure });

/** An issuer identifier: also without a query (RFC 8414 section 2). */
export const issuerUrl: ValueType<URL> = urlType({
  expected: SECURE,
  objection: (url) => insecure(url) ?? (url.search ? `${SECURE}, without a query` : null),
});

const PROXY_SCHEMES = ["http:", "https:", "socks5:", "socks5h:"];

/** A proxy; its user info stays, so it is a secret. Without a scheme it is http, as curl has it. */
export const proxyUrl: ValueType<Secret> = hidden({
  expected: "a proxy URL such as http://proxy.example:3128 (http, https or socks5; user:password@ allowed)",
  secret: true,
  parse(text): Parsed<Secret> {
    const trimmed = text.trim();
    const url = URL.parse(trimmed.includes("://") ? trimmed : `http://${trimmed}`);
    const good = url !== null && PROXY_SCHEMES.includes(url.protocol) && url.hostname !== "" && !url.search;
    if (good && !(isDecodable(url.username) && isDecodable(url.password))) {
      return { ok: false, expected: "a proxy URL whose user and password have each % written as %25" };
    }
    return good ? { ok: true, value: new Secret(url.href) } : { ok: false, expected: this.expected };
  },
});

/** A bare `%` is left as it is by the URL parser, and stops whoever decodes it later. */
function isDecodable(text: string): boolean {
  try {
    decodeURIComponent(text);
    return true;
  } catch {
    return false;
  }
}
