import { Buffer } from "node:buffer";
import type { Clock, Timer } from "../effects/mod.ts";

/** Where frames go: Deno's WebSocket, or a test's. */
export interface Sink {
  /** Bytes that were handed over and are not yet written. */
  readonly bufferedAmount: number;
  /** Hands a frame over. */
  send(text: string): void;
}

/** What an {@linkcode Outbox} is made of. */
export interface OutboxOptions {
  /** Takes the frames. */
  readonly sink: Sink;
  /** Times the looks at the sink while frames wait. */
  readonly clock: Clock;
  /** The reader is too far behind, or has taken nothing for a minute though frames wait. May be told more than once. */
  readonly onBehind: () => void;
}

/** From this many bytes on, what is handed over must be written first. */
const MARK = 256 * 1024;

/** How many bytes a reader may be behind. */
const BOUND = 8 * 1024 * 1024;

/** Milliseconds between two looks at the sink while frames wait: it does not tell when it has written. */
const EVERY = 20;

/** Milliseconds in which a reader for whom frames wait must take one: Deno's own time-out needs a ping to go out. */
const STALLED_AFTER = 60_000;

/**
 * Frames on their way to a reader who may be slow. Little is handed over at a time, for what Deno holds can neither be
 * taken back nor overtaken by a close; the rest waits here.
 *
 * A reader is behind by all that he has not taken, but for the longest frame among it, and 8 MiB are too much: so a
 * frame of any length reaches a reader who keeps up, and what follows it as well.
 */
export class Outbox {
  readonly #sink: Sink;
  readonly #clock: Clock;
  readonly #onBehind: () => void;
  readonly #frames: { readonly text: string; readonly bytes: number }[] = [];
  /** Bytes that wait here. */
  #waiting = 0;
  /** Bytes of the longest frame since the reader had taken all. */
  #longest = 0;
  /** When frames began to wait, or when one was handed over since; on the monotonic clock. */
  #movedAt = 0;
  #timer: Timer | null = null;
  #whenEmpty: (() => void) | null = null;

  /** An empty one. */
  constructor({ sink, clock, onBehind }: OutboxOptions) {
    this.#sink = sink;
    this.#clock = clock;
    this.#onBehind = onBehind;
  }

  /** Sends a frame in its turn; of one that leaves the reader too far behind nothing is kept. */
  send(text: string): void {
    const bytes = Buffer.byteLength(text);
    const owed = this.#sink.bufferedAmount + this.#waiting;
    const longest = Math.max(bytes, owed === 0 ? 0 : this.#longest);
    if (owed + bytes - longest > BOUND) return this.#onBehind();
    this.#longest = longest;
    if (this.#frames.length === 0) this.#movedAt = this.#clock.monotonic();
    this.#frames.push({ text, bytes });
    this.#waiting += bytes;
    this.#pump();
  }

  /** Calls `then` once when nothing waits here any more, whether sent or dropped; at once where nothing does. */
  whenEmpty(then: () => void): void {
    this.#whenEmpty = then;
    this.#settle();
  }

  /** Forgets what waits here. */
  drop(): void {
    this.#frames.length = 0;
    this.#waiting = 0;
    this.#settle();
  }

  #pump(): void {
    let handed = 0;
    for (const { text, bytes } of this.#frames) {
      if (this.#sink.bufferedAmount >= MARK) break;
      handed++;
      this.#waiting -= bytes;
      this.#sink.send(text);
    }
    this.#frames.splice(0, handed);
    if (handed > 0) this.#movedAt = this.#clock.monotonic();
    this.#settle();
  }

  /** Looks again later, or has nothing more to look after. */
  #settle(): void {
    if (this.#frames.length > 0) {
      this.#timer ??= this.#clock.setTimeout(() => {
        this.#timer = null;
        this.#pump();
        const stalled = this.#clock.monotonic() - this.#movedAt >= STALLED_AFTER;
        if (stalled && this.#frames.length > 0) this.#onBehind();
      }, EVERY);
      return;
    }
    if (this.#timer !== null) this.#clock.clearTimeout(this.#timer);
    this.#timer = null;
    const then = this.#whenEmpty;
    this.#whenEmpty = null;
    then?.();
  }
}
