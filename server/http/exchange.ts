import type { HeaderList } from "./head.ts";
import type { Who } from "../accounts/mod.ts";
import type { Logger, Surface } from "../telemetry/mod.ts";

/** One request on its way through the house: what every surface needs beside the request itself. */
export interface Exchange {
  readonly id: string;
  /** The request's headers, read once: names in lower case. */
  readonly headers: HeaderList;
  readonly who: Who;
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
  readonly surface: Surface;
  readonly pattern: string;
}

/** How hono hands the exchange to a handler: as the bindings of its context. */
export interface Env {
  readonly Bindings: Exchange;
}
