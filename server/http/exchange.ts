import type { Who } from "../accounts/mod.ts";
import type { Logger, Surface } from "../telemetry/mod.ts";

/** One request on its way through the house: what every surface needs beside the request itself. */
export interface Exchange {
  readonly id: string;
  readonly who: Who;
  /** Aborted when the client leaves. */
  readonly signal: AbortSignal;
  /** Adds the request id to every line. */
  readonly log: Logger;
  /** Milliseconds on the monotonic clock at which the request came. */
  readonly startedAt: number;
  /** The route that took the request, once one has. */
  route: RouteLabel | null;
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
