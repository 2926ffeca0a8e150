import type { Asking } from "../accounts/mod.ts";

/** Header names in lower case with their values, in no order. */
export type HeaderList = readonly (readonly [name: string, value: string])[];

/** What the front reads off a request's head. */
export interface Head {
  readonly headers: HeaderList;
  readonly asking: Asking;
  /** The caller's own `x-request-id`. */
  readonly requestId: string | null;
}

/** Reads a request's head in one pass: each look into a `Headers` object costs more than all of this. */
export function readHead(request: Request): Head {
  const headers = [...request.headers];
  let host: string | null = null;
  let origin: string | null = null;
  let secFetchSite: string | null = null;
  let authorization: string | null = null;
  let apiKey: string | null = null;
  let requestId: string | null = null;
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
      case "forwarded":
      case "via":
        forwarded = true;
        break;
      default:
        forwarded ||= name.startsWith("x-forwarded-");
    }
  }
  const bearer = authorization !== null && /^bearer /i.test(authorization) ? authorization.slice(7).trim() : null;
  return {
    headers,
    requestId,
    asking: { host, targetHost: hostOf(request.url), origin, secFetchSite, forwarded, bearer, apiKey },
  };
}

/** The host of an absolute URL, without the cost of parsing all of it. */
function hostOf(url: string): string {
  const start = url.indexOf("//") + 2;
  const end = url.indexOf("/", start);
  return url.slice(start, end === -1 ? undefined : end);
}
