import type { Clock } from "../effects/mod.ts";
import { readBody, type Watchdog } from "../network/mod.ts";
import type { Metrics, UpstreamOutcome } from "../telemetry/mod.ts";
import { failure, type Outcome, relay, type RelayEnd, tapJson, usageOfJson } from "../upstream/mod.ts";
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
/** An answer of a known length up to this is read whole, so that a failure in it is still an honest 502. */
const WHOLE_UP_TO = 1024 * 1024;

const EVENT_STREAM = {
  "content-type": "text/event-stream",
  "cache-control": "no-cache, no-transform",
  "x-accel-buffering": "no",
};

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
    onFirstByte: () => metrics.firstToken(upstream.name, clock.monotonic() - startedAt),
    onEnd: (end) => {
      closed();
      ending.end(outcomeOf(end), end.usage);
    },
  });
  return { status: response.status, headers: { ...headersDown(response.headers), ...EVENT_STREAM }, body };
}

/** Any other answer: read whole where it is known to be short, else passed on as it comes. */
export async function wholeAnswer(
  call: ByteCall,
  response: Response,
  ending: Ending,
  context: AnswerContext,
): Promise<ByteAnswer> {
  const { upstream, dialect, signal } = call;
  const { status } = response;
  const headers = headersDown(response.headers);
  ending.phase = "body";
  const length = Number(response.headers.get("content-length") ?? NaN);
  if (length <= WHOLE_UP_TO) {
    const silence = upstream.settings.requestTimeout;
    try {
      const body = await readBody(response, {
        maxBytes: WHOLE_UP_TO,
        silence,
        watchdog: context.watchdog,
        signal: ending.signal,
      });
      ending.end("ok", usageOfJson(dialect, body));
      return { status, headers, body };
    } catch (error) {
      if (ending.signal.aborted) throw ending.signal.reason;
      throw failure(error, upstream.name);
    }
  }
  const body = tapJson(response.body ?? emptyBody(), {
    dialect,
    clock: context.clock,
    watchdog: context.watchdog,
    limits: { silence: upstream.settings.requestTimeout, total: 0, every: PING_AFTER },
    client: signal,
    interrupt: ending.relaying(),
    onEnd: (end) => ending.end(outcomeOf(end), end.usage),
  });
  return { status, headers, body };
}

function outcomeOf({ outcome }: Pick<RelayEnd, "outcome">): UpstreamOutcome {
  const names: Record<Outcome, UpstreamOutcome> = {
    done: "ok",
    client_left: "aborted",
    upstream_failed: "failed",
    truncated: "truncated",
    silent: "timeout",
    over_total: "timeout",
    interrupted: "failed",
  };
  return names[outcome];
}

function emptyBody(): ReadableStream<Uint8Array> {
  return new ReadableStream({ start: (controller) => controller.close() });
}
