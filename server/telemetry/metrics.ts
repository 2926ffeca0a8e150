import type { Clock } from "../effects/mod.ts";
import { Exposition, EXPOSITION_TYPE, type Sample } from "./exposition.ts";
import {
  ABORT_PHASES,
  type AbortPhase,
  CREDENTIAL_STATES,
  type CredentialState,
  knownLabel,
  REFRESH_OUTCOMES,
  type RefreshOutcome,
  type Surface,
  TOKEN_KINDS,
  UPSTREAM_OUTCOMES,
  type UpstreamOutcome,
} from "./labels.ts";

/** What {@linkcode createMetrics} is made of. */
export interface MetricsOptions {
  /** Tells uptime and the seconds to expiry. */
  readonly clock: Clock;
  /** For `gatehouse_build_info`. */
  readonly version: string;
  /** The names of all upstreams; any other is labelled `other`. */
  readonly upstreams: readonly string[];
  /** The patterns of all routes (`/v1/models/{id}`); any other is labelled `other`. */
  readonly routes: readonly string[];
  /** Reads the process's memory, in bytes. @default {Deno.memoryUsage} */
  readonly memory?: () => Deno.MemoryUsage;
}

/** A request to us that has ended, however it ended. */
export interface FinishedRequest {
  /** Whose route it was. */
  readonly surface: Surface;
  /** The route's pattern, never the path. */
  readonly route: string;
  /** The answer's status; 499 when the client left. */
  readonly status: number;
  /** From the request to the end of its answer, in milliseconds. */
  readonly durationMs: number;
}

/** What an upstream's credential says of itself when it is scraped. */
export interface CredentialReading {
  /** Where it stands. */
  readonly state: CredentialState;
  /** Milliseconds since the epoch; null: no token, or no known end. */
  readonly expiresAt: number | null;
}

/** What the server counts. No method throws, and no label takes a value from outside its set. */
export interface Metrics {
  /** Counts a request to us and its time. */
  requestFinished(request: FinishedRequest): void;
  /** The first byte of an answer's content came `ms` milliseconds after the request. */
  firstToken(upstream: string, ms: number): void;
  /** Adds what one call used, in tokens. */
  tokensUsed(upstream: string, usage: { readonly prompt: number; readonly completion: number }): void;
  /** Counts an open stream until the returned function is called; calling it again does nothing. */
  streamOpened(): () => void;
  /** Counts a request to an upstream by its ending. */
  upstreamFinished(upstream: string, outcome: UpstreamOutcome): void;
  /** Counts a request that was given up because its client left. */
  upstreamAborted(upstream: string, phase: AbortPhase): void;
  /** Counts a refresh by its ending. */
  credentialRefreshed(upstream: string, outcome: RefreshOutcome): void;
  /** Registers how to read an upstream's credential; a second call replaces the first. */
  watchCredential(upstream: string, read: () => CredentialReading): void;
  /** Registers how to read how many requests wait for an upstream; a second call replaces the first. */
  watchQueue(upstream: string, read: () => number): void;
  /** Registers how to read how many WebSockets are open; a second call replaces the first. */
  watchSockets(read: () => number): void;
  /** All metrics, in the format that {@linkcode Metrics.contentType} names. */
  render(): Promise<string>;
  /** The `content-type` of {@linkcode Metrics.render}. */
  readonly contentType: string;
}

const DURATION_BOUNDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300];
const FIRST_TOKEN_BOUNDS = [0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120];

/** The metrics of one server. What the upstreams' counters can say stands at 0 from the start, so that rates see the first event. */
export function createMetrics(options: MetricsOptions): Metrics {
  const all = new Exposition();
  const requests = all.counter("gatehouse_requests_total", "Requests answered.", ["surface", "route", "code"]);
  const durations = all.histogram(
    "gatehouse_request_duration_seconds",
    "Time from a request to the end of its answer.",
    ["surface", "route"],
    DURATION_BOUNDS,
  );
  const firstTokens = all.histogram(
    "gatehouse_time_to_first_token_seconds",
    "Time from a request to the first content of its answer.",
    ["upstream"],
    FIRST_TOKEN_BOUNDS,
  );
  const tokens = all.counter("gatehouse_tokens_total", "Tokens used.", ["kind", "upstream"]);
  const outcomes = all.counter("gatehouse_upstream_requests_total", "Upstream requests by ending.", [
    "upstream",
    "outcome",
  ]);
  const aborts = all.counter("gatehouse_upstream_aborts_total", "Upstream requests aborted because the client left.", [
    "upstream",
    "phase",
  ]);
  const refreshes = all.counter("gatehouse_credential_refreshes_total", "Credential refreshes by ending.", [
    "upstream",
    "outcome",
  ]);
  const credentials = new Map<string, () => CredentialReading>();
  const queues = new Map<string, () => number>();
  let sockets = () => 0;
  const upstreamOf = knownLabel(options.upstreams);
  const routeOf = knownLabel(options.routes);
  let openStreams = 0;

  all.gauge("gatehouse_open_streams", "Streams open to clients.", [], () => [[[], openStreams]]);
  all.gauge("gatehouse_open_websockets", "WebSockets open to clients.", [], () => [[[], sockets()]]);
  all.gauge(
    "gatehouse_queue_length",
    "Requests waiting for an upstream.",
    ["upstream"],
    () => readAll(queues, (upstream, length) => [[[upstream], length]]),
  );
  all.gauge(
    "gatehouse_credential_state",
    "1 for the state the credential is in.",
    ["upstream", "state"],
    () =>
      readAll(
        credentials,
        (upstream, reading) => CREDENTIAL_STATES.map((state) => [[upstream, state], state === reading.state ? 1 : 0]),
      ),
  );
  all.gauge(
    "gatehouse_credential_expiry_seconds",
    "Seconds until the access token expires.",
    ["upstream"],
    () =>
      readAll(
        credentials,
        (upstream, { expiresAt }) => expiresAt === null ? [] : [[[upstream], (expiresAt - options.clock.now()) / 1000]],
      ),
  );
  processGauges(all, options);

  for (const upstream of options.upstreams) {
    for (const kind of TOKEN_KINDS) tokens.inc([kind, upstream], 0);
    for (const outcome of UPSTREAM_OUTCOMES) outcomes.inc([upstream, outcome], 0);
    for (const phase of ABORT_PHASES) aborts.inc([upstream, phase], 0);
    for (const outcome of REFRESH_OUTCOMES) refreshes.inc([upstream, outcome], 0);
  }

  return {
    requestFinished({ surface, route, status, durationMs }) {
      const known = routeOf(route);
      const code = Number.isInteger(status) && status >= 100 && status <= 599 ? String(status) : "other";
      requests.inc([surface, known, code]);
      durations.observe([surface, known], durationMs / 1000);
    },
    firstToken: (upstream, ms) => firstTokens.observe([upstreamOf(upstream)], ms / 1000),
    tokensUsed(upstream, usage) {
      tokens.inc(["prompt", upstreamOf(upstream)], usage.prompt);
      tokens.inc(["completion", upstreamOf(upstream)], usage.completion);
    },
    streamOpened() {
      let open = true;
      openStreams++;
      return () => {
        if (open) openStreams--;
        open = false;
      };
    },
    upstreamFinished: (upstream, outcome) => outcomes.inc([upstreamOf(upstream), outcome]),
    upstreamAborted: (upstream, phase) => aborts.inc([upstreamOf(upstream), phase]),
    credentialRefreshed: (upstream, outcome) => refreshes.inc([upstreamOf(upstream), outcome]),
    watchCredential: (upstream, read) => void credentials.set(upstreamOf(upstream), read),
    watchQueue: (upstream, read) => void queues.set(upstreamOf(upstream), read),
    watchSockets: (read) => void (sockets = read),
    render: () => Promise.resolve(all.render()),
    contentType: EXPOSITION_TYPE,
  };
}

function processGauges(all: Exposition, { clock, version, memory = Deno.memoryUsage }: MetricsOptions): void {
  const started = clock.now() / 1000;
  const startedMonotonic = clock.monotonic();
  all.gauge("gatehouse_build_info", "1; the labels say what runs.", ["version"], () => [[[version], 1]]);
  all.gauge(
    "gatehouse_process_start_time_seconds",
    "When the server was started, in seconds since the epoch.",
    [],
    () => [[[], started]],
  );
  all.gauge("gatehouse_uptime_seconds", "Seconds since the start.", [], () => [
    [[], (clock.monotonic() - startedMonotonic) / 1000],
  ]);
  all.gauge("gatehouse_memory_bytes", "Memory of the process by kind, as Deno reports it.", ["kind"], () => {
    const { rss, heapTotal, heapUsed, external } = memory();
    return [[["rss"], rss], [["heap_total"], heapTotal], [["heap_used"], heapUsed], [["external"], external]];
  });
}

/** The samples of every reader that does not throw: one that does costs the others nothing. */
function readAll<T>(
  readers: ReadonlyMap<string, () => T>,
  toSamples: (upstream: string, reading: T) => readonly Sample[],
): readonly Sample[] {
  return [...readers].flatMap(([upstream, read]) => {
    try {
      return toSamples(upstream, read());
    } catch {
      return [];
    }
  });
}
