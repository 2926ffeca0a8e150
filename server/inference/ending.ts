import type { Clock, Timer } from "../effects/mod.ts";
import { GatehouseError } from "../errors/mod.ts";
import type { AbortPhase, Metrics, UpstreamOutcome } from "../telemetry/mod.ts";
import type { Release, Usage } from "../upstream/mod.ts";
import type { Admission, Bill } from "../usage/mod.ts";
import type { ModelCall } from "./call.ts";

/**
 * One call from its admission to its one ending: the signal that every wait of it hears, where it stands, and what is
 * recorded when it ends, whichever way that is.
 */
export class Ending {
  readonly #controller = new AbortController();
  /** Set while a stream is relayed: ends it with an in-band event, where the signal would only cut it. */
  #relayed: AbortController | null = null;
  /** Where the call stands; says what an abort interrupted. */
  phase: AbortPhase = "queued";
  release: Release = () => {};
  /** What the call has used, once it has ended. */
  bill: Bill | null = null;
  readonly #call: ModelCall;
  readonly #admission: Admission;
  readonly #clock: Clock;
  readonly #metrics: Metrics;
  readonly #onEnd: () => void;
  readonly #total: Timer | null;
  readonly #onLeave: () => void;
  #ended = false;
  #sent = false;
  /** How many bytes the model has said so far. */
  said: () => number = () => 0;
  /** Told of the bill. */
  onBill: (bill: Bill) => void = () => {};
  #interruption: GatehouseError | null = null;

  constructor({ call, admission, timeout, clock, metrics, onEnd }: {
    readonly call: ModelCall;
    readonly admission: Admission;
    /** The call's own limit for the whole answer, in milliseconds; null: none. */
    readonly timeout: number | null;
    readonly clock: Clock;
    readonly metrics: Metrics;
    readonly onEnd: () => void;
  }) {
    this.#call = call;
    this.#admission = admission;
    this.#clock = clock;
    this.#metrics = metrics;
    this.#onEnd = onEnd;
    const { totalTimeout } = call.upstream.settings;
    const ours = totalTimeout === 0 ? Infinity : totalTimeout;
    const limit = Math.min(ours, timeout ?? Infinity);
    this.#total = limit === Infinity
      ? null
      : clock.setTimeout(() => this.interrupt(tooLong(limit, limit === ours)), limit);
    this.#onLeave = () => this.#controller.abort(call.signal.reason);
    if (call.signal.aborted) this.#onLeave();
    else call.signal.addEventListener("abort", this.#onLeave, { once: true });
  }

  /** Heard by the queue, the credential's waiters and the upstream request. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** What interrupted the call, if we did. */
  get interruption(): GatehouseError | null {
    return this.#interruption;
  }

  /** Ends the call with an error of ours: the whole call is over time, or the server is. */
  interrupt(error: GatehouseError): void {
    this.#interruption ??= error;
    (this.#relayed ?? this.#controller).abort(error);
  }

  /** What a limit leaves, for the answer's head. */
  get limitHeaders(): Readonly<Record<string, string>> {
    return this.#admission.headers;
  }

  /** The request goes out to the model: from here on it may do something for it. */
  sent(): void {
    this.#sent = true;
    this.#admission.begin(() => this.said());
  }

  /** From here on the call is a relayed stream. @returns what interrupts the relay */
  relaying(): AbortSignal {
    this.#relayed = new AbortController();
    if (this.#interruption !== null) this.#relayed.abort(this.#interruption);
    return this.#relayed.signal;
  }

  /** Records the ending; only the first call counts. */
  end(outcome: UpstreamOutcome, usage: Usage | null): void {
    if (this.#ended) return;
    this.#ended = true;
    if (this.#total !== null) this.#clock.clearTimeout(this.#total);
    this.#call.signal.removeEventListener("abort", this.#onLeave);
    this.release();
    const { upstream, startedAt, log, who, model } = this.#call;
    const bill = this.#bill(outcome, usage);
    this.bill = bill;
    this.onBill(bill);
    this.#metrics.upstreamFinished(upstream.name, outcome);
    if (outcome === "aborted") this.#metrics.upstreamAborted(upstream.name, this.phase);
    this.#metrics.tokensUsed(upstream.name, {
      prompt: bill.usage.prompt_tokens,
      completion: bill.usage.completion_tokens,
    });
    if (log.enabled("info")) {
      log.info("model call", {
        upstream: upstream.name,
        user: who.userId,
        ...(who.keyId === null ? {} : { key: who.keyId }),
        model: model.slice(0, 200),
        outcome,
        ...(outcome === "aborted" ? { phase: this.phase } : {}),
        ms: Math.round(this.#clock.monotonic() - startedAt),
        prompt_tokens: bill.usage.prompt_tokens,
        completion_tokens: bill.usage.completion_tokens,
        ...(bill.usage.estimated ? { estimated: true } : {}),
        ...(bill.cost === null ? {} : { cost_micros: bill.cost.micros }),
      });
    }
    this.#onEnd();
  }

  /** A call that was never sent, or that the model refused by its status, has used nothing. */
  #bill(outcome: UpstreamOutcome, usage: Usage | null): Bill {
    if (usage !== null) return this.#admission.used(usage);
    if (!this.#sent) return this.#admission.unused();
    switch (outcome) {
      case "client_error":
      case "server_error":
      case "unauthorized":
      case "unreachable":
        return this.#admission.unused();
      case "ok":
      case "timeout":
      case "failed":
      case "truncated":
      case "aborted":
        return this.#admission.used(null);
    }
  }

  /** Records an ending by an error, before or after the headers. */
  failed(error: unknown, usage: Usage | null = null): void {
    if (this.#call.signal.aborted) return this.end("aborted", usage);
    this.end(outcomeOf(error), usage);
  }
}

function outcomeOf(error: unknown): UpstreamOutcome {
  if (!(error instanceof GatehouseError)) return "failed";
  switch (error.code) {
    case "upstream_unauthorized":
    case "reauth_required":
    case "credential_unavailable":
      return "unauthorized";
    case "upstream_unreachable":
      return "unreachable";
    case "upstream_timeout":
      return "timeout";
    case "upstream_truncated":
      return "truncated";
    default:
      return "failed";
  }
}

function tooLong(ms: number, ours: boolean): GatehouseError {
  const limit = ours ? `LLM_TOTAL_TIMEOUT (${ms / 1000} s)` : `the request's own timeout (${ms / 1000} s)`;
  return new GatehouseError(
    "upstream_timeout",
    `Gave up on the model's answer: it took longer than ${limit}; raise it or ask for less`,
  );
}
