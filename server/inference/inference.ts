import type { Clock } from "../effects/mod.ts";
import { GatehouseError } from "../errors/mod.ts";
import type { Watchdog } from "../network/mod.ts";
import type { Metrics } from "../telemetry/mod.ts";
import { mayUse, type Who } from "../accounts/mod.ts";
import { chatBody, disguised, estimateRequest, type RequestEstimate, type UpstreamAnswer } from "../upstream/mod.ts";
import type { Admissions } from "../usage/mod.ts";
import { headersOf, streamAnswer, wholeAnswer } from "./answers.ts";
import type { ByteAnswer, ByteCall, ModelCall } from "./call.ts";
import { headersUp } from "./crossing.ts";
import { Ending } from "./ending.ts";
import { eventAnswer } from "./event_answer.ts";
import type { EventAnswer, EventCall } from "./event_call.ts";

/** What inference stands on. */
export interface InferenceOptions {
  /** Times the calls. */
  readonly clock: Clock;
  /** Ends calls that are silent or take too long. */
  readonly watchdog: Watchdog;
  /** Told how each call ended. */
  readonly metrics: Metrics;
  /** Lets calls through and books what they use. */
  readonly admissions: Admissions;
}

/** Model calls on their way. */
export interface Inference {
  /**
   * Sends one call through the byte lane. What was used is recorded on every ending.
   *
   * @throws {GatehouseError} when it may not pass: `model_not_allowed` and the codes of `Admissions.admit`; when nothing
   * can be answered: the codes of `Upstream.send`, and `upstream_timeout` when the whole call takes too long
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
export function createInference({ clock, watchdog, metrics, admissions }: InferenceOptions): Inference {
  const open = new Set<Ending>();
  const whenIdle = new Set<() => void>();
  /** Upstreams that refuse `stream_options`: they are not asked for usage again. */
  const refusesUsage = new Set<string>();
  const context = { clock, watchdog, metrics };

  /** Lets the call through and opens its one ending. */
  async function begin(call: ModelCall, estimate: () => RequestEstimate, timeout: number | null): Promise<Ending> {
    const { who, model, maxOutput, signal } = call;
    demandModel(who, model);
    const admitted = admissions.admit({ who, model, maxOutput, estimate, signal });
    const admission = admitted instanceof Promise ? await admitted : admitted;
    const ending: Ending = new Ending({ call, admission, timeout, clock, metrics, onEnd: () => close(ending) });
    open.add(ending);
    return ending;
  }

  /** Waits for the call's turn, and sends it. @param bodyOf the body, asking for usage or not */
  async function send(
    call: Pick<ModelCall, "upstream" | "log" | "headers">,
    ending: Ending,
    bodyOf: BodyOf,
  ): Promise<UpstreamAnswer> {
    const { upstream } = call;
    const slot = upstream.slots.take(ending.signal);
    ending.release = slot instanceof Promise ? await slot : slot;
    ending.phase = "first_byte";
    const headers = headersUp(call.headers);
    const attempt = (askUsage: boolean) => {
      const { bytes, addedUsage } = bodyOf(askUsage);
      const answer = upstream.send({
        url: upstream.settings.chatUrl,
        method: "POST",
        headers,
        body: bytes,
        signal: ending.signal,
        silence: upstream.settings.requestTimeout,
        // Where nothing was sent, once more: a burst of new connections may overflow a listener's queue for a moment.
        attempts: 2,
        onSend: () => ending.sent(),
      });
      return { answer, addedUsage };
    };
    const first = attempt(!refusesUsage.has(upstream.name));
    const answer = await first.answer;
    if (answer.ok || !first.addedUsage || !namesStreamOptions(answer)) return answer;
    const second = await attempt(false).answer;
    // An error that quotes the request names all that is in it: only an answer shows that this was the fault.
    if (!second.ok) return second;
    refusesUsage.add(upstream.name);
    call.log.info("the upstream refuses stream_options: usage is not asked of it again", { upstream: upstream.name });
    return second;
  }

  /** Runs a call to its answer; whatever it throws is its ending. */
  async function ended<T>({ signal }: ModelCall, ending: Ending, run: () => Promise<T>): Promise<T> {
    try {
      return await run();
    } catch (error) {
      ending.failed(error);
      throw signal.aborted ? new GatehouseError("client_closed_request", "The client left before the answer") : error;
    }
  }

  return {
    async bytes(call) {
      const { request } = call;
      const model = call.setModel ? call.model : null;
      demandPlain(call.who, request.disguise);
      const ending = await begin(call, request.estimate, null);
      return await ended(call, ending, async () => {
        const answer = await send(call, ending, (askUsage) => request.toUpstream(model, askUsage));
        if (!answer.ok) {
          ending.end(answer.status >= 500 ? "server_error" : "client_error", null);
          return { status: answer.status, headers: headersOf(answer.headers, ending), body: answer.body };
        }
        const { response } = answer;
        const { status } = response;
        if (status === 204 || status === 205) {
          await response.body?.cancel();
          ending.end("ok", null);
          return { status, headers: headersOf(response.headers, ending), body: null };
        }
        const isEventStream = response.headers.get("content-type")?.toLowerCase().startsWith("text/event-stream") ??
          false;
        return request.stream && isEventStream
          ? streamAnswer(call, response, ending, context)
          : await wholeAnswer(call, response, ending, context);
      });
    },
    async events(call) {
      const { upstream, model, stream, timeout, onBill } = call;
      demandPlain(call.who, () => disguised(Object.keys(call.body)));
      let estimate: RequestEstimate | null = null;
      const ending = await begin(call, () => estimate ??= estimateRequest(call.body), timeout);
      if (onBill !== undefined) ending.onBill = onBill;
      return await ended(call, ending, async () => {
        await call.onAdmitted?.(ending.limitHeaders);
        const headers = [...call.headers.filter(([name]) => name !== "content-type" && name !== "accept"), JSON_BODY];
        const answer = await send({ upstream, headers, log: call.log }, ending, (askUsage) => ({
          bytes: chatBody(call.body, { model, stream, askUsage }),
          addedUsage: stream && askUsage,
        }));
        if (!answer.ok && answer.status >= 500) {
          ending.end("server_error", null);
          throw new GatehouseError(
            "upstream_failed",
            `Cannot use the answer of upstream ${upstream.name}: it failed with status ${answer.status}; try again`,
          );
        }
        if (!answer.ok) {
          ending.end("client_error", null);
          const { status, body } = answer;
          return { kind: "refused", status, headers: headersOf(answer.headers, ending), body };
        }
        return eventAnswer(call, answer, ending, context);
      });
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

/** The body is written here, whatever the client's was. */
const JSON_BODY = ["content-type", "application/json"] as const;

type BodyOf = (askUsage: boolean) => { readonly bytes: Uint8Array<ArrayBuffer>; readonly addedUsage: boolean };

/** Whoever is limited may say nothing that the upstream reads and the gate does not. @throws {GatehouseError} `invalid_field` */
function demandPlain({ models, limited }: Who, disguise: () => string | null): void {
  if (models.length === 0 && limited.length === 0) return;
  const name = disguise();
  if (name === null) return;
  const param = name.slice(0, 100);
  throw new GatehouseError(
    "invalid_field",
    `Cannot admit this request: \`${param}\` could stand for a field that this user or key is limited by; leave it out`,
    { param },
  );
}

/** @throws {GatehouseError} `model_not_allowed` */
function demandModel(who: Who, model: string): void {
  if (mayUse(who, model)) return;
  throw new GatehouseError(
    "model_not_allowed",
    `Cannot use the model ${
      JSON.stringify(model.slice(0, 200))
    }: this user or key may not; choose one from GET /v1/models`,
    { param: "model" },
  );
}

/** Whether a refusal is about the `stream_options` that we had added. */
function namesStreamOptions(answer: UpstreamAnswer): boolean {
  if (answer.ok || (answer.status !== 400 && answer.status !== 422)) return false;
  return new TextDecoder().decode(answer.body).includes("stream_options");
}
