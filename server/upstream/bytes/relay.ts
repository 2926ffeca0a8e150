import type { ByteDialect } from "./dialect.ts";
import { EventSieve } from "./event_sieve.ts";
import { Pump } from "./pump.ts";
import type { RelayOptions } from "./relay_options.ts";

const PING = new TextEncoder().encode(": ping\n\n");

/** What a relay of events is given beside. */
export interface EventRelayOptions extends RelayOptions {
  /** What the stream speaks. */
  readonly dialect: ByteDialect;
  /** The client asked for the usage event; else it is dropped. */
  readonly passUsage: boolean;
}

/**
 * Passes an upstream's event stream on, for `new Response(stream)`. Whole events go out untouched; the tail of an
 * incomplete one is held up to 64 KiB, then it goes out in pieces and pings stop until its end. A failure between
 * events becomes an in-band error event, one within an event that has gone out in part errors the stream. Reading follows
 * the client's; cancelling the stream cancels `body` at once. A stream that ends without its end mark, but after a
 * finish reason, gets the end mark.
 *
 * Once its end mark went by, `body` is read to its end in the background (100 ms at most), so that the connection can
 * be used again: do not abort the upstream request after the outcome `done`.
 *
 * @param body the upstream's
 */
export function relay(body: ReadableStream<Uint8Array>, options: EventRelayOptions): ReadableStream<Uint8Array> {
  const { dialect, passUsage } = options;
  const sieve = new EventSieve(dialect, passUsage);
  return new Pump(body, sieve, { ping: PING, error: dialect.errorEvent }, options).stream;
}
