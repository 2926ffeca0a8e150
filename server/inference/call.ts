import type { Who } from "../accounts/mod.ts";
import type { Logger } from "../telemetry/mod.ts";
import type { ByteDialect, ChatRequest, Upstream } from "../upstream/mod.ts";
import type { HeaderList } from "./crossing.ts";

/** What every call to a model is made with. */
export interface ModelCall {
  /** Where the call goes. */
  readonly upstream: Upstream;
  /** On whose behalf. */
  readonly who: Who;
  /** The model, resolved: never `default`. */
  readonly model: string;
  /** The longest answer of the model, in tokens, if its list says so; null: not known. */
  readonly maxOutput: number | null;
  /** The client's own; only what may cross the gate is taken. */
  readonly headers: HeaderList;
  /** Aborted when the client leaves. */
  readonly signal: AbortSignal;
  /** When the request came, in milliseconds on the monotonic clock. */
  readonly startedAt: number;
  /** Its lines carry the request id. */
  readonly log: Logger;
}

/** One call in the byte lane. */
export interface ByteCall extends ModelCall {
  /** What client and upstream both speak. */
  readonly dialect: ByteDialect;
  /** The body as it was sent. */
  readonly request: ChatRequest;
  /** Whether {@linkcode ModelCall.model} is to stand in the body in place of what it says. */
  readonly setModel: boolean;
}

/** The answer for the client. */
export interface ByteAnswer {
  /** The upstream's own. */
  readonly status: number;
  /** Those that may cross to the client, and what its limits leave. */
  readonly headers: Readonly<Record<string, string>>;
  /** Null where the status allows none. */
  readonly body: Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array> | null;
}
