import type { Who } from "../accounts/mod.ts";
import type { Logger } from "../telemetry/mod.ts";
import type { ModelEvent, Upstream } from "../upstream/mod.ts";
import type { Cost } from "../usage/mod.ts";
import type { HeaderList } from "./crossing.ts";

/** One call in the event lane. */
export interface EventCall {
  /** Where the call goes. */
  readonly upstream: Upstream;
  /** On whose behalf. */
  readonly who: Who;
  /** The model, resolved: never null, never `default`. */
  readonly model: string;
  /** The longest answer of the model, in tokens, if its list says so; null: not known. */
  readonly maxOutput: number | null;
  /** The fields of the chat request beside `model`, `stream` and `stream_options`, which are set here. */
  readonly body: Readonly<Record<string, unknown>>;
  /** Whether the upstream is asked for a stream; the answer is events in either case. */
  readonly stream: boolean;
  /** The client's own; only what may cross the gate is taken. */
  readonly headers: HeaderList;
  /** Aborted when the client leaves. */
  readonly signal: AbortSignal;
  /** When the request came, in milliseconds on the monotonic clock. */
  readonly startedAt: number;
  /** How long the whole answer may take, in milliseconds; null: as long as `LLM_TOTAL_TIMEOUT` lets it. */
  readonly timeout: number | null;
  /** Its lines carry the request id. */
  readonly log: Logger;
}

/** What a call has used, as clients are told. */
export interface Bill {
  /** The upstream's count where it gave one. */
  readonly usage: {
    readonly prompt_tokens: number;
    readonly completion_tokens: number;
    readonly total_tokens: number;
    /** Whether these are our own estimate. */
    readonly estimated: boolean;
  };
  /** Null: the model has no price. */
  readonly cost: Cost | null;
}

/** The upstream's answer in the event lane, told apart by `kind`. */
export type EventAnswer = EventStream | RefusedCall;

/** An answer as events. */
export interface EventStream {
  /** Tells the kinds apart. */
  readonly kind: "events";
  /** What a limit leaves (`x-ratelimit-*`), and what crosses from the upstream. */
  readonly headers: Readonly<Record<string, string>>;
  /**
   * The answer, once: it ends cleanly after a whole answer and throws a {@linkcode GatehouseError} otherwise
   * (`upstream_truncated`, `upstream_failed`, `upstream_timeout`, `draining`). A consumer that stops early aborts the upstream.
   */
  readonly events: AsyncIterable<ModelEvent>;
  /** What was used; for good once `events` has ended, whichever way. */
  bill(): Bill;
}

/** A refusal of the upstream (4xx), which crosses the gate as it came. */
export interface RefusedCall {
  /** Tells the kinds apart. */
  readonly kind: "refused";
  /** The upstream's own, 400 to 499. */
  readonly status: number;
  /** Those that may cross to the client. */
  readonly headers: Readonly<Record<string, string>>;
  /** Searched for the credential. */
  readonly body: Uint8Array<ArrayBuffer>;
}
