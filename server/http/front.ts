import { type Asking, type Door, NOBODY, type Who } from "../accounts/mod.ts";
import type { Clock } from "../effects/mod.ts";
import { GatehouseError } from "../errors/mod.ts";
import type { Secret } from "../secrets/mod.ts";
import { type Logger, requestId } from "../telemetry/mod.ts";
import { clientAddress } from "./address.ts";
import { type Cors, createCors } from "./cors.ts";
import type { Drain } from "./drain.ts";
import { asGatehouseError, errorResponse } from "./error_response.ts";
import type { Exchange, RouteLabel, Router } from "./exchange.ts";
import { readHead } from "./head.ts";

/** What the front stands on. */
export interface FrontOptions {
  /** All surfaces, routed. */
  readonly routes: Router;
  /** Paths that anybody may ask from anywhere: liveness and readiness. */
  readonly openPaths: ReadonlySet<string>;
  /** Requests (`POST /token`) that need no credential, though they come from where requests may come from. */
  readonly freeRequests: ReadonlySet<string>;
  /** The request (`POST /users`) by which somebody registers. */
  readonly registration: string;
  /** Paths that are answered while the server drains. */
  readonly drainPaths: ReadonlySet<string>;
  /** Says who is asking. */
  readonly door: Door;
  /** Opens `/metrics` to a scraper. */
  readonly metricsToken: Secret | null;
  /** Says whether new work is taken. */
  readonly drain: Drain;
  /** Addresses and CIDR blocks of proxies that are believed when they name the client. */
  readonly trustedProxies: readonly string[];
  /** Web origins that may read the answers. */
  readonly corsOrigins: readonly string[];
  /** Added to every answer. */
  readonly answerHeaders: readonly (readonly [name: string, value: string])[];
  /** Measures the requests. */
  readonly clock: Clock;
  /** Told of faults; the parent of every request's own. */
  readonly log: Logger;
  /** Called when an answer's last byte is sent, or its client has left. */
  readonly onAnswer?: (answer: Answered) => void;
}

/** An answer that has been sent or given up. */
export interface Answered {
  /** The request id. */
  readonly id: string;
  /** The request's method. */
  readonly method: string;
  /** The path without its query. */
  readonly path: string;
  /** Null: no route took it. */
  readonly route: RouteLabel | null;
  /** The surface's own log line tells all. */
  readonly told: boolean;
  /** 499 when the client left. */
  readonly status: number;
  /** From the request to the end of the answer's body, in milliseconds. */
  readonly ms: number;
}

/** What the listener tells of a request. */
export type RequestInfo = Pick<Deno.ServeHandlerInfo<Deno.NetAddr>, "completed" | "remoteAddr">;

/**
 * What stands before every surface: request id, the door, draining, CORS, and errors as answers.
 *
 * @returns the handler for `Deno.serve`
 */
export function createFront(
  options: FrontOptions,
): (request: Request, info: RequestInfo) => Promise<Response> {
  const { routes, door, drain, clock, log, openPaths, freeRequests, drainPaths, answerHeaders, onAnswer } = options;
  const cors: Cors | null = options.corsOrigins.length > 0 ? createCors(options.corsOrigins) : null;
  const admit = (method: string, path: string, asking: Asking): Who | Promise<Who> => {
    // The path is read off a URL that begins with it. Open mode's door looks closer.
    if (!door.open && asking.host !== null && !isHost(asking.host)) throw notAHost();
    if (openPaths.has(path)) return NOBODY;
    // Whatever credential it shows is not looked at: a client that refreshes may still send the expired one.
    const request = `${method} ${path}`;
    if (freeRequests.has(request)) return door.admitAnyone(asking);
    if (request === options.registration) return door.admitRegistrant(asking);
    return path === "/metrics" ? door.admitScraper(asking, options.metricsToken) : door.admit(asking);
  };

  /**
   * Tells when an answer's last byte is sent, or its client has left. A function of its own, for it must hold neither the
   * request nor `info`: what a callback of `completed` holds of these lives until the next full garbage collection, and
   * with it all that a request has made.
   */
  function whenSent(completed: Promise<void>, { startedAt, ...sent }: Sending): void {
    const answered = (status: number) => {
      drain.left();
      onAnswer?.({ ...sent, status, ms: clock.monotonic() - startedAt });
    };
    completed.then(() => answered(sent.status), () => answered(499));
  }

  return async (request, info) => {
    const startedAt = clock.monotonic();
    drain.entered();
    const { headers, asking, ...head } = readHead(request);
    const id = requestId(head.requestId);
    const path = pathOf(request.url);
    let exchange: Exchange | null = null;
    let response: Response;
    try {
      if (drain.draining && !drainPaths.has(path)) throw drain.refusal();
      const preflight = cors?.preflight(request) ?? null;
      if (preflight !== null) {
        door.admitAnyone(asking);
        response = preflight;
      } else {
        const admitted = admit(request.method, path, asking);
        // Most are known at once, and a turn of the loop costs.
        const who = admitted instanceof Promise ? await admitted : admitted;
        exchange = {
          id,
          headers,
          who,
          address: clientAddress(info.remoteAddr.hostname, head.forwardedFor, options.trustedProxies),
          signal: request.signal,
          log: log.with({ request_id: id }),
          startedAt,
          route: null,
          told: false,
        };
        response = await routes.fetch(request, exchange);
      }
    } catch (thrown) {
      response = answerTo(thrown, request, log, id);
    }
    response.headers.set("x-request-id", id);
    for (const [name, value] of answerHeaders) response.headers.set(name, value);
    cors?.allow(request, response);
    whenSent(info.completed, {
      id,
      method: request.method,
      path,
      route: exchange?.route ?? null,
      told: exchange?.told ?? false,
      status: response.status,
      startedAt,
    });
    return response;
  };
}

/** An answer on its way to the client. */
interface Sending extends Omit<Answered, "ms"> {
  readonly startedAt: number;
}

/** What was thrown, as an answer; what nobody expected is logged under the request's id. */
function answerTo(thrown: unknown, request: Request, log: Logger, id: string): Response {
  if (request.signal.aborted) return errorResponse(new GatehouseError("client_closed_request", "The client left"));
  if (!(thrown instanceof GatehouseError)) {
    log.error("a fault while answering", { request_id: id, error: thrown instanceof Error ? thrown : typeof thrown });
  }
  return errorResponse(asGatehouseError(thrown));
}

function pathOf(url: string): string {
  const start = url.indexOf("/", url.indexOf("//") + 2);
  const query = url.indexOf("?", start);
  return start === -1 ? "/" : url.slice(start, query === -1 ? undefined : query);
}

/** `host[:port]` (RFC 3986 §3.2.2, RFC 9112 §3.2), without what would begin a path, a query or user info. */
function isHost(text: string): boolean {
  return /^(?:\[[0-9a-f:.]+\]|[\w.~%!$&'()*+,;=-]*)(?::\d*)?$/i.test(text);
}

function notAHost(): GatehouseError {
  return new GatehouseError("invalid_request", "Cannot read this request: its Host header is no host");
}
