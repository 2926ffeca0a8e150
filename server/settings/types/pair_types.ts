import { Secret } from "../../secrets/mod.ts";
import type { Parsed, ValueType } from "./value_type.ts";

type Pairs<T> = readonly (readonly [name: string, value: T])[];

const HEADER_NAME = /^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/;
const HEADER_VALUE = /^[\x20-\x7e\t]*$/;

/** Hop-by-hop (RFC 9110 section 7.6.1), or set by the client itself. */
const FORBIDDEN_HEADERS: readonly string[] = [
  "connection",
  "content-length",
  "expect",
  "host",
  "keep-alive",
  "proxy-authenticate",
  "proxy-authorization",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
];

/** Set by the grants and login flows themselves. */
const FLOW_PARAMETERS: readonly string[] = [
  "client_id",
  "client_secret",
  "code",
  "code_challenge",
  "code_challenge_method",
  "code_verifier",
  "device_code",
  "grant_type",
  "redirect_uri",
  "refresh_token",
  "response_type",
  "scope",
  "state",
];

/** The name of a header that may be set, in lower case; undefined for any other. */
function headerNameOf(text: string): string | undefined {
  const name = text.trim().toLowerCase();
  return HEADER_NAME.test(name) && !FORBIDDEN_HEADERS.includes(name) ? name : undefined;
}

/** The header that carries an API key. */
export const headerName: ValueType<string> = {
  expected: "a header name, not one of the connection's own",
  secret: false,
  parse(text): Parsed<string> {
    const value = headerNameOf(text);
    return value === undefined ? { ok: false, expected: this.expected } : { ok: true, value };
  },
};

/** Headers as `Name: value`, one a line or separated by `;`, or as a JSON object of strings. */
export const headerPairs: ValueType<Pairs<Secret>> = {
  expected: 'headers as "Name: value; Other: value", one a line, or a JSON object of strings',
  secret: true,
  parse(text): Parsed<Pairs<Secret>> {
    const refuse = (expected: string): Parsed<Pairs<Secret>> => ({ ok: false, expected });
    const found = isJson(text) ? jsonPairs(text) : headerLines(text);
    if (found === null) return refuse(this.expected);
    const pairs: [string, Secret][] = [];
    for (const [nameText, value] of found) {
      const name = headerNameOf(nameText);
      if (name === undefined) {
        return refuse(`${this.expected}; names must be valid and not hop-by-hop, Host or Content-Length`);
      }
      if (!HEADER_VALUE.test(value)) return refuse(`${this.expected}; values must be printable ASCII`);
      pairs.push([name, new Secret(value)]);
    }
    return { ok: true, value: pairs };
  },
};

/** Parameters as `a=b&c=d`, or as a JSON object of strings. */
export const parameterPairs: ValueType<Pairs<string>> = {
  expected: 'parameters as "audience=https%3A%2F%2Fapi.example&prompt=consent", or a JSON object of strings',
  secret: true,
  parse(text): Parsed<Pairs<string>> {
    const json = isJson(text);
    const pairs = json ? jsonPairs(text) : [...new URLSearchParams(text.trim())];
    const complete = json || text.trim().split("&").every((part) => /^[^=]+=/.test(part));
    if (pairs === null || !complete || pairs.some(([name]) => name === "")) {
      return { ok: false, expected: this.expected };
    }
    if (pairs.some(([name]) => FLOW_PARAMETERS.includes(name))) {
      return { ok: false, expected: `${this.expected}; none that the flows set (${FLOW_PARAMETERS.join(", ")})` };
    }
    return { ok: true, value: pairs };
  },
};

function isJson(text: string): boolean {
  return text.trimStart().startsWith("{");
}

function jsonPairs(text: string): Pairs<string> | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null; // the reason would quote the text
  }
  const pairs: [string, string][] = [];
  for (const [name, item] of Object.entries(value ?? {})) {
    if (typeof item !== "string") return null;
    pairs.push([name, item]);
  }
  return pairs;
}

function headerLines(text: string): Pairs<string> | null {
  const pairs: [string, string][] = [];
  for (const entry of text.split(/[;\r\n]+/)) {
    if (entry.trim() === "") continue;
    const colon = entry.indexOf(":");
    if (colon < 1) return null;
    pairs.push([entry.slice(0, colon), entry.slice(colon + 1).trim()]);
  }
  return pairs;
}
