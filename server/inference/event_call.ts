import type { ModelEvent } from "../upstream/mod.ts";
import type { Bill } from "../usage/mod.ts";
import type { ModelCall } from "./call.ts";

/** One call in the event lane. */
export interface EventCall extends ModelCall {
  /** The fields of the chat request beside `model`, `stream` and `stream_options`, which are set here. */
  readonly body: Readonly<Record<string, unknown>>;
  /** Whether the upstream is asked for a stream; the answer is events in either case. */
  readonly stream: boolean;
  /** How long the whole answer may take, in milliseconds; null: as long as `LLM_TOTAL_TIMEOUT` lets it. */
  readonly timeout: number | null;
  /**
   * Awaited once the call is let through, before it waits for its turn: what must be kept before a model is asked.
   * Whatever it throws ends the call.
   *
   * @param limits what the caller's limits leave (`x-ratelimit-*`); empty where none bind
   */
  readonly onAdmitted?: (limits: Readonly<Record<string, string>>) => Promise<void> | void;
  /** Told what the call has used, at its one ending; not called where it was never let through. */
  readonly onBill?: (bill: Bill) => void;
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
