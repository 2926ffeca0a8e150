import { type Clock, delay } from "../effects/mod.ts";
import type { NetworkSettings } from "../settings/mod.ts";
import type { Logger } from "../telemetry/mod.ts";
import { createDial, type Dial } from "./dial.ts";
import { type HttpClient, NetworkError, type OutgoingRequest } from "./http_client.ts";
import { isLoopbackHost } from "./ip.ts";
import { Origin } from "./origin.ts";
import { Path, type PathContext } from "./path.ts";
import { openRoutes } from "./routes.ts";
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
  /** The connect probe. @default real sockets */
  readonly dial?: Dial;
  /** Hosts that are never proxied. @default localhost, 127.0.0.0/8, ::1 */
  readonly isLoopback?: (url: URL) => boolean;
}

/**
 * The one HTTP client. Where an origin has a proxy, the proxy is tried first, then the direct way; the way that worked is
 * kept. A way without a success in the last 60 s is probed within `connectionTimeout` before anything is sent, so that
 * a dead way costs little and a slow answer costs nothing.
 *
 * @throws {TypeError} when a certificate, key or proxy URL in the settings cannot be used
 */
export function createHttpClient(options: HttpClientOptions): HttpClient {
  const { settings, clock, log, random = Math.random, dial = createDial(settings), isLoopback = isLoopbackHost } =
    options;
  const routes = openRoutes(settings, isLoopback);
  const watchdog = createWatchdog(clock);
  const closing = new AbortController();
  const context: PathContext = {
    clock,
    dial,
    connectionTimeout: settings.connectionTimeout,
    closing: closing.signal,
  };
  const origins = new Map<string, Origin>();

  const originOf = (url: URL): Origin => {
    const key = url.origin;
    let origin = origins.get(key);
    if (origin === undefined) {
      const root = new URL(key);
      const [first, ...others] = routes.to(root);
      const toPath = (route: typeof first) => new Path(route, root, context);
      origin = new Origin([toPath(first), ...others.map(toPath)], clock);
      origins.set(key, origin);
    }
    return origin;
  };

  /** One try over every path; the failure where nothing was sent is returned, every other thrown. */
  const tryAll = async (request: OutgoingRequest): Promise<Response | NetworkError> => {
    const origin = originOf(request.url);
    const failures: NetworkError[] = [];
    for (const path of origin.order()) {
      const result = await tryPath(request, path);
      if (result instanceof Response) {
        if (failures.length > 0) origin.worked(path);
        return result;
      }
      log.debug("A way out failed", { target: hostPort(request.url), route: path.route.label, why: result.message });
      failures.push(result);
    }
    return new NetworkError("unreachable", false, failures.map((failure) => failure.message).join(" "));
  };

  const tryPath = async (request: OutgoingRequest, path: Path): Promise<Response | NetworkError> => {
    if (!path.warm) {
      const failure = await unlessAborted(path.probe(), request.signal);
      if (failure !== null) {
        const where = `${hostPort(request.url)} ${path.route.label}`;
        return new NetworkError("unreachable", false, `Cannot reach ${where}: ${failure.what}. ${failure.fix}`);
      }
    }
    try {
      const response = await send(request, path.route, { watchdog, connectionTimeout: settings.connectionTimeout });
      path.proven();
      return response;
    } catch (error) {
      if (!(error instanceof NetworkError)) throw error;
      path.doubt();
      if (error.sent) throw error;
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

/** What `promise` gives, unless `signal` aborts first; the promise itself goes on. */
async function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted();
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const onAbort = () => reject(signal.reason);
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}
