import type { ErrorBody } from "../../errors/mod.ts";

/** What the upstream counted, in tokens. */
export interface Usage {
  /** Read. */
  readonly prompt_tokens: number;
  /** Written, reasoning included. */
  readonly completion_tokens: number;
  /** Both, or what the upstream calls the total. */
  readonly total_tokens: number;
}

/** What one whole event says that the relay must know. */
export interface EventFacts {
  /** The upstream's count so far, if this event carries one. */
  readonly usage: Usage | null;
  /** The event carries the count and nothing else: it goes only to clients that asked for it. */
  readonly usageOnly: boolean;
  /** A choice came to its end: a stream that stops after this without an end mark lost nothing. */
  readonly finished: boolean;
  /** The upstream reports a failure of its own in-band. */
  readonly failed: boolean;
}

/** A dialect that the byte lane can carry, as a value: what little must be read of it, and what we may have to write. */
export interface ByteDialect {
  /** Where it is served, below the API's base. */
  readonly path: string;
  /** The `data` of the event that ends a whole stream; null if the dialect has none. */
  readonly endMark: string | null;
  /**
   * Matches text (bytes as Latin-1, many events at once) in which some event must be read. Text that it does not match
   * is forwarded unread, so it must miss nothing, and hit rarely.
   */
  readonly hint: RegExp;
  /** Reads the `data` of one event. Bytes beyond ASCII stand there as Latin-1. */
  readonly readEvent: (data: string) => EventFacts;
  /** Reads the `usage` value of an answer or event. */
  readonly readUsage: (value: unknown) => Usage | null;
  /** The event that reports a failure of ours in-band. */
  readonly errorEvent: (body: ErrorBody) => Uint8Array;
}
