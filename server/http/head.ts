import type { Asking } from "../accounts/mod.ts";

/** Header names in lower case with their values, in no order. */
export type HeaderList = readonly (readonly [name: string, value: string])[];

/** What the front reads off a request's head. */
export interface Head {
  readonly headers: HeaderList;
  readonly asking: Asking;
  /** The caller's own `x-request-id`. */
  readonly requestId: string | null;
  /** The `X-Forwarded-For` header. */
  readonly forwardedFor: string | null;
}

/** Our own cookie: it holds the access token of a page's user. */
const COOKIE = "gatehouse";

/** Reads a request's head in one pass: each look into a `Headers` object costs more than all of this. */
export function readHead(request: Request): Head {
  const headers = [...request.headers];
  let host: string | null = null;
  let origin: string | null = null;
  let secFetchSite: string | null = null;
  let authorization: string | null = null;
  let apiKey: string | null = null;
  let requestId: string | null = null;
  let forwardedFor: string | null = null;
  let cookies: string | null = null;
  let protocols: string | null = null;
  let isWebSocket = false;
  let forwarded = false;
  for (const [name, value] of headers) {
    switch (name) {
      case "host":
        host = value;
        break;
      case "origin":
        origin = value;
        break;
      case "sec-fetch-site":
        secFetchSite = value;
        break;
      case "authorization":
        authorization = value;
        break;
      case "x-api-key":
        apiKey = value;
        break;
      case "x-request-id":
        requestId = value;
        break;
      case "cookie":
        cookies = value;
        break;
      case "upgrade":
        isWebSocket = value.toLowerCase() === "websocket";
        break;
      case "sec-websocket-protocol":
        protocols = value;
        break;
      case "forwarded":
      case "via":
        forwarded = true;
        break;
      case "x-forwarded-for":
        forwardedFor = value;
        forwarded = true;
        break;
      default:
        forwarded ||= name.startsWith("x-forwarded-");
    }
  }
  const { method, url } = request;
  const bearer = authorization !== null && /^bearer /i.test(authorization) ? authorization.slice(7).trim() : null;
  return {
    headers,
    requestId,
    forwardedFor,
    asking: {
      host,
      targetHost: hostOf(url),
      origin,
      secFetchSite,
      forwarded,
      unsafe: isWebSocket || (method !== "GET" && method !== "HEAD"),
      bearer: bearer ?? (isWebSocket && protocols !== null ? bearerOf(protocols) : null),
      apiKey,
      cookie: cookies === null ? null : ownCookie(cookies),
      ticket: isWebSocket && method === "GET" ? ticketOf(url) : null,
    },
  };
}

/** The host of an absolute URL, without the cost of parsing all of it. */
function hostOf(url: string): string {
  const start = url.indexOf("//") + 2;
  const end = url.indexOf("/", start);
  return url.slice(start, end === -1 ? undefined : end);
}

/** The token of the subprotocol pair `bearer, <token>`: a page cannot give a WebSocket any other header. */
function bearerOf(protocols: string): string | null {
  const [scheme, token] = protocols.split(",").map((protocol) => protocol.trim());
  return scheme?.toLowerCase() === "bearer" && token !== undefined ? token : null;
}

/** Our cookie's value; where it stands twice, somebody has set one for a parent domain: neither is taken. */
function ownCookie(cookies: string): string | null {
  const values = cookies.split(";").flatMap((pair) => {
    const at = pair.indexOf("=");
    return pair.slice(0, at).trim() === COOKIE ? [pair.slice(at + 1).trim()] : [];
  });
  return values.length === 1 ? values[0] ?? null : null;
}

/** A ticket opens the WebSocket of a session and nothing else. */
function ticketOf(url: string): string | null {
  const target = URL.parse(url);
  return target?.pathname.startsWith("/ws/") ? target.searchParams.get("ticket") : null;
}
