import { type Clock, delay } from "../effects/mod.ts";
import type { NetworkSettings } from "../settings/mod.ts";
import type { Logger } from "../telemetry/mod.ts";
import { type HttpClient, NetworkError, type OutgoingRequest } from "./http_client.ts";
import { isLoopbackHost } from "./ip.ts";
import { Origin } from "./origin.ts";
import { openRoutes, type Route } from "./routes.ts";
import { hostPort } from "./safe_url.ts";
import { send } from "./send.ts";
import { createWatchdog } from "./watchdog.ts";

/** Milliseconds between two attempts, before jitter; doubled each time. */
const PAUSE = 200;
const MAX_PAUSE = 2000;

/** What {@linkcode createHttpClient} is built from. */
export interface HttpClientOptions {
  /** Proxies, certificates and the connect limit. */
  readonly settings: NetworkSettings;
  /** Bounds connects and silence. */
  readonly clock: Clock;
  /** Told of ways that failed, by host and port alone. */
  readonly log: Logger;
  /** 0 ≤ x < 1, for jitter. @default Math.random */
  readonly random?: () => number;
  /** Hosts that are never proxied. @default localhost, 127.0.0.0/8, ::1 */
  readonly isLoopback?: (url: URL) => boolean;
}

/**
 * The one HTTP client. Where an origin has a proxy, the proxy is tried first, then the direct way; the way that worked is
 * kept, and after five minutes on the second choice one request tries the first again. A way is left for the next only
 * where it is certain that nothing was sent.
 *
 * @throws {TypeError} when a certificate, key or proxy URL in the settings cannot be used
 */
export function createHttpClient(options: HttpClientOptions): HttpClient {
  const { settings, clock, log, random = Math.random, isLoopback = isLoopbackHost } = options;
  const routes = openRoutes(settings, isLoopback, clock);
  const watchdog = createWatchdog(clock);
  const closing = new AbortController();
  const origins = new Map<string, Origin>();

  const originOf = (url: URL): Origin => {
    const key = url.origin;
    let origin = origins.get(key);
    if (origin === undefined) {
      origin = new Origin(routes.to(new URL(key)), clock);
      origins.set(key, origin);
    }
    return origin;
  };

  /** One try over every route; the failure where nothing was sent is returned, every other thrown. */
  const tryAll = async (request: OutgoingRequest): Promise<Response | NetworkError> => {
    const origin = originOf(request.url);
    const failures: NetworkError[] = [];
    for (const route of origin.order()) {
      const result = await tryRoute(request, route);
      if (result instanceof Response) {
        origin.worked(route, failures.length > 0);
        return result;
      }
      log.debug("A way out failed", { target: hostPort(request.url), route: route.label, why: result.message });
      failures.push(result);
    }
    return new NetworkError("unreachable", false, failures.map((failure) => failure.message).join(" "));
  };

  const tryRoute = async (request: OutgoingRequest, route: Route): Promise<Response | NetworkError> => {
    try {
      return await send(request, route, watchdog);
    } catch (error) {
      if (!(error instanceof NetworkError) || error.sent) throw error;
      return error;
    }
  };

  return {
    async fetch(request) {
      const { signal, attempts = 1 } = request;
      for (let attempt = 1;; attempt++) {
        signal.throwIfAborted();
        const result = await tryAll(request);
        if (result instanceof Response) return result;
        if (attempt >= attempts || closing.signal.aborted) throw result;
        await delay(clock, Math.min(MAX_PAUSE, PAUSE * 2 ** (attempt - 1)) * (0.5 + random()), signal);
      }
    },
    close() {
      closing.abort();
      watchdog.close();
      routes.close();
    },
  };
}
