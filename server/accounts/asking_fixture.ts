import type { Asking } from "./asking.ts";

/** A request to `host` that shows nothing but `rest`. */
export function askingAt(host: string, rest: Partial<Asking> = {}): Asking {
  return {
    host,
    targetHost: host,
    origin: null,
    secFetchSite: null,
    forwarded: false,
    unsafe: false,
    bearer: null,
    apiKey: null,
    cookie: null,
    ticket: null,
    ...rest,
  };
}
