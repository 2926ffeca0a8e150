import type { Clock } from "../effects/mod.ts";
import { GatehouseError } from "../errors/mod.ts";
import type { Watchdog } from "../network/mod.ts";
import type { Metrics } from "../telemetry/mod.ts";
import type { UpstreamAnswer } from "../upstream/mod.ts";
import type { ByteAnswer, ByteCall } from "./call.ts";
import type { EventAnswer, EventCall } from "./event_call.ts";
import { headersDown, headersUp } from "./crossing.ts";
import { Ending } from "./ending.ts";
import { streamAnswer, wholeAnswer } from "./answers.ts";

/** What inference stands on. */
export interface InferenceOptions {
  /** Times the calls. */
  readonly clock: Clock;
  /** Ends calls that are silent or take too long. */
  readonly watchdog: Watchdog;
  /** Told how each call ended. */
  readonly metrics: Metrics;
}

/** Model calls on their way. */
export interface Inference {
  /**
   * Sends one call through the byte lane. What was used is recorded on every ending.
   *
   * @throws {GatehouseError} when nothing can be answered: the codes of `Upstream.send`, and `upstream_timeout` when the
   * whole call takes too long
   */
  bytes(call: ByteCall): Promise<ByteAnswer>;
  /**
   * Sends one call through the event lane. What was used is recorded on every ending.
   *
   * @throws {GatehouseError} when nothing can be answered: as {@linkcode Inference.bytes}, and `upstream_failed` for a 5xx
   */
  events(call: EventCall): Promise<EventAnswer>;
  /** Calls whose answer is not finished. */
  readonly open: number;
  /** Resolves when no call is open. */
  idle(): Promise<void>;
  /** Ends every open call with `error`: streams by an in-band event. */
  endAll(error: GatehouseError): void;
}

/** The calls of one server. */
export function createInference({ clock, watchdog, metrics }: InferenceOptions): Inference {
  const open = new Set<Ending>();
  const whenIdle = new Set<() => void>();
  /** Upstreams that refuse `stream_options`: they are not asked for usage again. */
  const refusesUsage = new Set<string>();

  async function send(call: ByteCall, ending: Ending): Promise<UpstreamAnswer> {
    const { upstream, request } = call;
    const headers = headersUp(call.headers);
    const attempt = (askUsage: boolean) => {
      const { bytes, addedUsage } = request.toUpstream(call.model, askUsage);
      const answer = upstream.send({
        url: upstream.settings.chatUrl,
        method: "POST",
        headers,
        body: bytes,
        signal: ending.signal,
        silence: upstream.settings.requestTimeout,
        // Where nothing was sent, once more: a burst of new connections may overflow a listener's queue for a moment.
        attempts: 2,
      });
      return { answer, addedUsage };
    };
    const first = attempt(!refusesUsage.has(upstream.name));
    const answer = await first.answer;
    if (answer.ok || !first.addedUsage || !namesStreamOptions(answer)) return answer;
    refusesUsage.add(upstream.name);
    call.log.info("the upstream refuses stream_options: usage is not asked of it again", { upstream: upstream.name });
    return await attempt(false).answer;
  }

  return {
    async bytes(call) {
      const { upstream, signal, request } = call;
      const ending: Ending = new Ending({ call, clock, metrics, onEnd: () => close(ending) });
      open.add(ending);
      try {
        const slot = upstream.slots.take(ending.signal);
        ending.release = slot instanceof Promise ? await slot : slot;
        ending.phase = "first_byte";
        const answer = await send(call, ending);
        if (!answer.ok) {
          ending.end(answer.status >= 500 ? "server_error" : "client_error", null);
          return { status: answer.status, headers: headersDown(answer.headers), body: answer.body };
        }
        const { response } = answer;
        const { status } = response;
        if (status === 204 || status === 205) {
          await response.body?.cancel();
          ending.end("ok", null);
          return { status, headers: headersDown(response.headers), body: null };
        }
        const isEventStream = response.headers.get("content-type")?.toLowerCase().startsWith("text/event-stream") ??
          false;
        return request.stream && isEventStream
          ? streamAnswer(call, response, ending, { clock, watchdog, metrics })
          : await wholeAnswer(call, response, ending, { clock, watchdog, metrics });
      } catch (error) {
        ending.failed(error);
        throw signal.aborted ? new GatehouseError("client_closed_request", "The client left before the answer") : error;
      }
    },
    get open() {
      return open.size;
    },
    idle: () => open.size === 0 ? Promise.resolve() : new Promise((resolve) => whenIdle.add(resolve)),
    endAll(error) {
      for (const ending of [...open]) ending.interrupt(error);
    },
  };

  function close(ending: Ending): void {
    open.delete(ending);
    if (open.size > 0) return;
    for (const resolve of whenIdle) resolve();
    whenIdle.clear();
  }
}

/** Whether a refusal is about the `stream_options` that we had added. */
function namesStreamOptions(answer: UpstreamAnswer): boolean {
  if (answer.ok || (answer.status !== 400 && answer.status !== 422)) return false;
  return new TextDecoder().decode(answer.body).includes("stream_options");
}
