import type { Clock, Timer } from "../effects/mod.ts";
import { GatehouseError } from "../errors/mod.ts";
import type { AbortPhase, Metrics, UpstreamOutcome } from "../telemetry/mod.ts";
import type { Release, Usage } from "../upstream/mod.ts";
import type { ByteCall } from "./call.ts";

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
  readonly #call: ByteCall;
  readonly #clock: Clock;
  readonly #metrics: Metrics;
  readonly #onEnd: () => void;
  readonly #total: Timer | null;
  readonly #onLeave: () => void;
  #ended = false;
  /** What interrupted the call, if we did. */
  #interruption: GatehouseError | null = null;

  constructor({ call, clock, metrics, onEnd }: {
    readonly call: ByteCall;
    readonly clock: Clock;
    readonly metrics: Metrics;
    readonly onEnd: () => void;
  }) {
    this.#call = call;
    this.#clock = clock;
    this.#metrics = metrics;
    this.#onEnd = onEnd;
    const { totalTimeout } = call.upstream.settings;
    this.#total = totalTimeout === 0
      ? null
      : clock.setTimeout(() => this.interrupt(tooLong(totalTimeout)), totalTimeout);
    this.#onLeave = () => this.#controller.abort(call.signal.reason);
    if (call.signal.aborted) this.#onLeave();
    else call.signal.addEventListener("abort", this.#onLeave, { once: true });
  }

  /** Heard by the queue, the credential's waiters and the upstream request. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Ends the call with an error of ours: the whole call is over time, or the server is. */
  interrupt(error: GatehouseError): void {
    this.#interruption ??= error;
    (this.#relayed ?? this.#controller).abort(error);
  }

  /** From here on the call is a relayed stream. @returns what interrupts the relay */
  relaying(): AbortSignal {
    this.#relayed = new AbortController();
    return this.#relayed.signal;
  }

  /** Records an ending by {@linkcode Ending.interrupt}, once the relay has told the client. */
  interrupted(usage: Usage | null): void {
    this.end(outcomeOf(this.#interruption), usage);
  }

  /** Records the ending; only the first call counts. */
  end(outcome: UpstreamOutcome, usage: Usage | null): void {
    if (this.#ended) return;
    this.#ended = true;
    if (this.#total !== null) this.#clock.clearTimeout(this.#total);
    this.#call.signal.removeEventListener("abort", this.#onLeave);
    this.release();
    const { upstream, startedAt, log } = this.#call;
    this.#metrics.upstreamFinished(upstream.name, outcome);
    if (outcome === "aborted") this.#metrics.upstreamAborted(upstream.name, this.phase);
    if (usage !== null) {
      this.#metrics.tokensUsed(upstream.name, { prompt: usage.prompt_tokens, completion: usage.completion_tokens });
    }
    if (log.enabled("info")) {
      log.info("model call", {
        upstream: upstream.name,
        outcome,
        ...(outcome === "aborted" ? { phase: this.phase } : {}),
        ms: Math.round(this.#clock.monotonic() - startedAt),
        prompt_tokens: usage?.prompt_tokens ?? null,
        completion_tokens: usage?.completion_tokens ?? null,
      });
    }
    this.#onEnd();
  }

  /** Records an ending by an error, before or after the headers. */
  failed(error: unknown): void {
    if (this.#call.signal.aborted) return this.end("aborted", null);
    this.end(outcomeOf(error), null);
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

function tooLong(ms: number): GatehouseError {
  return new GatehouseError(
    "upstream_timeout",
    `Gave up on the model's answer: it took longer than LLM_TOTAL_TIMEOUT (${ms / 1000} s); raise it or ask for less`,
  );
}
