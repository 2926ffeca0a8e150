import type { Logger } from "../telemetry/mod.ts";
import type { ByteDialect, ChatRequest, Upstream } from "../upstream/mod.ts";
import type { HeaderList } from "./crossing.ts";

/** One call in the byte lane. */
export interface ByteCall {
  /** Where the call goes. */
  readonly upstream: Upstream;
  /** What client and upstream both speak. */
  readonly dialect: ByteDialect;
  /** The body as it was sent. */
  readonly request: ChatRequest;
  /** Replaces the `model` of the body; null leaves it. */
  readonly model: string | null;
  /** The client's own; only what may cross the gate is taken. */
  readonly headers: HeaderList;
  /** Aborted when the client leaves. */
  readonly signal: AbortSignal;
  /** When the request came, in milliseconds on the monotonic clock. */
  readonly startedAt: number;
  /** Its lines carry the request id. */
  readonly log: Logger;
}

/** The answer for the client. */
export interface ByteAnswer {
  /** The upstream's own. */
  readonly status: number;
  /** Those that may cross to the client. */
  readonly headers: Readonly<Record<string, string>>;
  /** Null where the status allows none. */
  readonly body: Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array> | null;
}
