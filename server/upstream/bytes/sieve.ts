import type { Usage } from "./dialect.ts";

/** How a whole body ended. */
export type BodyEnd = "done" | "truncated" | "upstream_failed";

/** The pure half of a relay: takes an upstream's bytes, says what goes on to the client. */
export interface Sieve {
  /** How many bytes were pushed and not yet taken. */
  readonly held: number;
  /** Part of an event has gone out: nothing of ours may come between. */
  readonly midway: boolean;
  /** The end mark went by: whatever follows is ignored. */
  readonly complete: boolean;
  /** The last count that the upstream gave. */
  readonly usage: Usage | null;
  /** UTF-8 bytes of what the model said in what was taken. */
  readonly contentBytes: number;
  push(chunk: Uint8Array): void;
  /** What may go out now, in bytes of its own; null if nothing. */
  take(): Uint8Array | null;
  /** At the end of the body, in place of `take`: what else goes out, and how it ended. */
  finish(): { readonly bytes: Uint8Array | null; readonly end: BodyEnd };
}
