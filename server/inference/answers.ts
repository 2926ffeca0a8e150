import type { Clock } from "../effects/mod.ts";
import { GatehouseError } from "../errors/mod.ts";
import { readShortBody, type Watchdog } from "../network/mod.ts";
import type { Metrics, UpstreamOutcome } from "../telemetry/mod.ts";
import {
  emptyBody,
  failure,
  isFramed,
  type Outcome,
  relay,
  type RelayEnd,
  saidInJson,
  scanObject,
  tapJson,
  usageOfJson,
} from "../upstream/mod.ts";
import { headersDown } from "./crossing.ts";
import type { Ending } from "./ending.ts";
import type { ByteAnswer, ByteCall } from "./call.ts";

/** What the answers stand on. */
export interface AnswerContext {
  readonly clock: Clock;
  readonly watchdog: Watchdog;
  readonly metrics: Metrics;
}

/** Silence between events after which a comment keeps the connection open, in milliseconds. */
const PING_AFTER = 15_000;
/** A JSON answer up to this, in bytes, is read whole. */
const WHOLE_UP_TO = 1024 * 1024;

const EVENT_STREAM = {
  "content-type": "text/event-stream",
  "cache-control": "no-cache, no-transform",
  "x-accel-buffering": "no",
};

/** Deno would pack an answer for every client that takes it: work on the hot path for nothing, on loopback at least. */
const UNCHANGED = { "cache-control": "no-transform" };

/** What crosses from the upstream; what our own limits leave takes the place of what the upstream's do. */
export function headersOf(from: Headers, { limitHeaders }: Ending): Record<string, string> {
  const headers = headersDown(from);
  if (Object.keys(limitHeaders).length === 0) return headers;
  for (const name of Object.keys(headers)) if (name.startsWith("x-ratelimit-")) delete headers[name];
  return Object.assign(headers, limitHeaders);
}

/** An event stream, relayed. */
export function streamAnswer(call: ByteCall, response: Response, ending: Ending, context: AnswerContext): ByteAnswer {
  const { clock, watchdog, metrics } = context;
  const { upstream, dialect, request, signal, startedAt } = call;
  ending.phase = "stream";
  const closed = metrics.streamOpened();
  const body = relay(response.body ?? emptyBody(), {
    dialect,
    passUsage: request.asksUsage,
    clock,
    watchdog,
    limits: { silence: upstream.settings.requestTimeout, total: 0, every: PING_AFTER },
    client: signal,
    interrupt: ending.relaying(),
    watch: (read) => ending.said = () => read().contentBytes,
    onFirstByte: () => metrics.firstToken(upstream.name, clock.monotonic() - startedAt),
    onEnd: (end) => {
      closed();
      ended(ending, end);
    },
  });
  return { status: response.status, headers: { ...headersOf(response.headers, ending), ...EVENT_STREAM }, body };
}

/**
 * Any other answer. JSON that is short is read whole before a byte goes on, so that a failure in it is still an honest
 * 502; a longer one, and what is no JSON, is passed on as it comes.
 */
export async function wholeAnswer(
  call: ByteCall,
  response: Response,
  ending: Ending,
  context: AnswerContext,
): Promise<ByteAnswer> {
  const { upstream, dialect, signal } = call;
  const { watchdog, clock } = context;
  const { status } = response;
  const headers = { ...headersOf(response.headers, ending), ...UNCHANGED };
  const silence = upstream.settings.requestTimeout;
  ending.phase = "body";
  let rest: ReadableStream<Uint8Array> = response.body ?? emptyBody();
  if (isJson(response) && !(Number(response.headers.get("content-length") ?? 0) > WHOLE_UP_TO)) {
    const read = await readShortBody(response, { maxBytes: WHOLE_UP_TO, silence, watchdog, signal: ending.signal })
      .catch((error) => {
        throw failure(error, upstream.name);
      });
    if (read instanceof Uint8Array) {
      if (!isFramed(response) && !scanObject(read).ok) throw truncated(upstream.name);
      const usage = usageOfJson(dialect, read);
      if (usage === null) ending.said = () => saidInJson(read);
      ending.end("ok", usage);
      return { status, headers, body: read };
    }
    rest = read;
  }
  const body = tapJson(rest, {
    dialect,
    framed: isFramed(response) || !isJson(response),
    clock,
    watchdog,
    limits: { silence, total: 0, every: PING_AFTER },
    client: signal,
    interrupt: ending.relaying(),
    watch: (read) => ending.said = () => read().contentBytes,
    onEnd: (end) => ended(ending, end),
  });
  return { status, headers, body };
}

function isJson(response: Response): boolean {
  return /^application\/(?:[\w.+-]+\+)?json\b/i.test(response.headers.get("content-type") ?? "");
}

function truncated(name: string): GatehouseError {
  return new GatehouseError(
    "upstream_truncated",
    `Cannot use the answer of upstream ${name}: it was cut off; try again`,
  );
}

function ended(ending: Ending, { outcome, usage }: RelayEnd): void {
  if (outcome === "interrupted") ending.failed(ending.interruption, usage);
  else ending.end(outcomeOf(outcome), usage);
}

function outcomeOf(outcome: Exclude<Outcome, "interrupted">): UpstreamOutcome {
  const names: Record<typeof outcome, UpstreamOutcome> = {
    done: "ok",
    client_left: "aborted",
    upstream_failed: "failed",
    truncated: "truncated",
    silent: "timeout",
    over_total: "timeout",
  };
  return names[outcome];
}
