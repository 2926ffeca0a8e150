import { Buffer } from "node:buffer";
import type { TurnEvent } from "./turns.ts";

/** How a turn ends for its readers. */
export type LastEvent =
  | Pick<Extract<TurnEvent, { readonly type: "done" }>, "type" | "message">
  | Pick<Extract<TurnEvent, { readonly type: "error" }>, "type" | "error">;

/**
 * The events of one turn, kept from the first on. Readers come and go, each reads at its own pace, and a piece costs
 * nothing but its text until somebody reads it.
 */
export class EventLog {
  readonly #session: Extract<TurnEvent, { readonly type: "session" }>;
  readonly #pieces: string[] = [];
  readonly #readers = new Set<Reader>();
  readonly #onReaders: (count: number) => void;
  #last: LastEvent | null = null;
  #bytes = 0;

  /** @param onReaders told how many there are whenever one comes or goes */
  constructor(
    ids: { readonly sessionId: string; readonly messageId: string },
    onReaders: (count: number) => void = () => {},
  ) {
    this.#session = { n: 0, type: "session", ...ids };
    this.#onReaders = onReaders;
  }

  /** Of the text so far, in UTF-8. */
  get bytes(): number {
    return this.#bytes;
  }

  /** The number of the last event; null: the turn is not over. */
  get lastNumber(): number | null {
    return this.#last === null ? null : this.#pieces.length + 1;
  }

  /** How many read. */
  get readers(): number {
    return this.#readers.size;
  }

  /** More of the reply. */
  add(text: string): void {
    if (text === "" || this.#last !== null) return;
    this.#bytes += Buffer.byteLength(text);
    this.#pieces.push(text);
    this.#wake();
  }

  /** Nothing comes after this. */
  end(last: LastEvent): void {
    if (this.#last !== null) return;
    this.#last = last;
    this.#wake();
  }

  /** The text from one piece on. */
  textFrom(piece: number): string {
    return this.#pieces.slice(piece).join("");
  }

  /** How many pieces there are. */
  get pieces(): number {
    return this.#pieces.length;
  }

  /** The events after number `after`; beyond the end, the last one alone. See {@linkcode Turn.events}. */
  read(after: number, signal: AbortSignal): AsyncIterableIterator<TurnEvent> {
    const reader = new Reader({
      from: after >= 0 ? Math.floor(after) + 1 : 0,
      at: (n) => this.#at(n),
      isOver: () => this.#last !== null,
      onLeave: () => {
        this.#readers.delete(reader);
        this.#onReaders(this.#readers.size);
      },
      signal,
    });
    if (signal.aborted) return reader;
    this.#readers.add(reader);
    this.#onReaders(this.#readers.size);
    return reader;
  }

  #wake(): void {
    for (const reader of this.#readers) reader.wake();
  }

  /** Null: there is none, or not yet. */
  #at(n: number): TurnEvent | null {
    if (n === 0) return this.#session;
    const text = this.#pieces[n - 1];
    if (text !== undefined) return { n, type: "chunk", text };
    const end = this.lastNumber;
    if (this.#last === null || end === null) return null;
    // Whoever has counted further than there is gets the end; whoever has the end gets nothing more.
    return n === end || n > end + 1 ? { n: end, ...this.#last } : null;
  }
}

interface ReaderOptions {
  readonly from: number;
  readonly at: (n: number) => TurnEvent | null;
  readonly isOver: () => boolean;
  readonly onLeave: () => void;
  readonly signal: AbortSignal;
}

/** By hand and not a generator: one that waits for its next event hears `return()` only when that comes. */
class Reader implements AsyncIterableIterator<TurnEvent> {
  readonly #options: ReaderOptions;
  readonly #onAbort = () => this.#leave();
  #n: number;
  #left = false;
  #news: PromiseWithResolvers<void> | null = null;

  constructor(options: ReaderOptions) {
    this.#options = options;
    this.#n = options.from;
    options.signal.addEventListener("abort", this.#onAbort, { once: true });
  }

  /** Something has happened. */
  wake(): void {
    this.#news?.resolve();
    this.#news = null;
  }

  async next(): Promise<IteratorResult<TurnEvent, undefined>> {
    const { at, isOver, signal } = this.#options;
    for (;;) {
      signal.throwIfAborted();
      if (this.#left) return { done: true, value: undefined };
      const event = at(this.#n);
      if (event !== null) {
        this.#n = event.n + 1;
        return { done: false, value: event };
      }
      if (isOver()) this.#leave();
      else await (this.#news ??= Promise.withResolvers()).promise;
    }
  }

  return(): Promise<IteratorResult<TurnEvent, undefined>> {
    this.#leave();
    return Promise.resolve({ done: true, value: undefined });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  #leave(): void {
    if (this.#left) return;
    this.#left = true;
    this.#options.signal.removeEventListener("abort", this.#onAbort);
    this.#options.onLeave();
    this.wake();
  }
}
