/** What a request shows at the door, read off its head by the surface. Header values as they came, null when absent. */
export interface Asking {
  /** The `Host` header. */
  readonly host: string | null;
  /** `host[:port]` of the request target where it was in absolute form; else the same as `host`. */
  readonly targetHost: string | null;
  /** The `Origin` header. */
  readonly origin: string | null;
  /** The `Sec-Fetch-Site` header. */
  readonly secFetchSite: string | null;
  /** Whether `Forwarded`, `Via` or any `X-Forwarded-*` header is present. */
  readonly forwarded: boolean;
  /** Whether the request could change something: neither GET nor HEAD, or a WebSocket, which both sides may write to. */
  readonly unsafe: boolean;
  /** The bearer token of `Authorization`; for a WebSocket without one, that of the subprotocol pair `bearer, <token>`. */
  readonly bearer: string | null;
  /** The `x-api-key` header, which is read as a bearer token too. */
  readonly apiKey: string | null;
  /** Our own cookie's value. */
  readonly cookie: string | null;
  /** The `ticket` parameter of a WebSocket's target. */
  readonly ticket: string | null;
}
