import type { HeaderList } from "./head.ts";
import type { Who } from "../accounts/mod.ts";
import type { Logger, Surface } from "../telemetry/mod.ts";

/** One request on its way through the house: what every surface needs beside the request itself. */
export interface Exchange {
  /** The request id. */
  readonly id: string;
  /** The request's headers, read once: names in lower case. */
  readonly headers: HeaderList;
  /** On whose behalf it is made. */
  readonly who: Who;
  /** The client's IP address, as far as trusted proxies tell it. */
  readonly address: string;
  /** Aborted when the client leaves. */
  readonly signal: AbortSignal;
  /** Adds the request id to every line. */
  readonly log: Logger;
  /** Milliseconds on the monotonic clock at which the request came. */
  readonly startedAt: number;
  /** The route that took the request, once one has. */
  route: RouteLabel | null;
  /** Set by a surface whose own log line tells all: the access line then goes to `debug`. */
  told: boolean;
}

/** A route as metrics and logs name it: never the path itself. */
export interface RouteLabel {
  /** The surface that owns the route. */
  readonly surface: Surface;
  /** The pattern as {@linkcode patternOf} shows it. */
  readonly pattern: string;
}

/** What a handler is given. */
export interface Call {
  /** The request: `raw` as it came, and what its path held where the pattern has a name. */
  readonly req: { readonly raw: Request; param(name: string): string | undefined };
  /** What every surface needs beside the request. */
  readonly env: Exchange;
}

/** Answers one request; what it throws becomes an error answer. */
export type Handler = (call: Call) => Response | Promise<Response>;

/** All surfaces, routed. */
export interface Router {
  /** Answers a request by the handler that it belongs to. @throws what the handler throws */
  fetch(request: Request, exchange: Exchange): Response | Promise<Response>;
}
