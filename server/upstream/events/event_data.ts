import { Borders, concat, dataOf, isOnlyComment } from "../bytes/mod.ts";

/** What one event of a stream carries. */
export interface EventData {
  /** Its data lines, joined. */
  readonly data: string;
  /** It is named `error`. */
  readonly isError: boolean;
}

/** An event is longer than we are ready to hold. */
export class EventTooLongError extends RangeError {
  /** The class's own name. */
  override readonly name = "EventTooLongError";
}

/**
 * Takes an event stream's bytes in any portions and gives the data of its events (WHATWG HTML, server-sent events).
 * Events without data, such as comments, are left out.
 */
export class EventReader {
  readonly #borders = new Borders();
  readonly #decoder = new TextDecoder();
  readonly #maxBytes: number;
  #held: Uint8Array[] = [];
  #heldBytes = 0;

  /** @param maxBytes the longest event that is held, in bytes */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Gives the events that `chunk` ends. @throws {EventTooLongError} */
  *read(chunk: Uint8Array): Generator<EventData, void, undefined> {
    const ends: number[] = [];
    this.#borders.read(chunk, 0, chunk.length, ends);
    let from = 0;
    for (const end of ends) {
      const event = this.#take(chunk.subarray(from, end));
      if (event !== null) yield event;
      from = end;
    }
    if (from < chunk.length) this.#hold(chunk.subarray(from));
  }

  /** At the end of the stream: its last event, and whether something was cut off. */
  end(): { readonly event: EventData | null; readonly isCut: boolean } {
    const isEvent = this.#borders.end();
    const rest = this.#text();
    return { event: eventOf(rest), isCut: !isEvent && !isOnlyComment(rest) };
  }

  #take(bytes: Uint8Array): EventData | null {
    this.#hold(bytes);
    return eventOf(this.#text());
  }

  #hold(bytes: Uint8Array): void {
    this.#heldBytes += bytes.length;
    if (this.#heldBytes > this.#maxBytes) {
      throw new EventTooLongError(`An event is longer than ${this.#maxBytes} bytes.`);
    }
    this.#held.push(bytes);
  }

  #text(): string {
    const [only] = this.#held;
    const bytes = only !== undefined && this.#held.length === 1 ? only : concat(this.#held);
    this.#held = [];
    this.#heldBytes = 0;
    return this.#decoder.decode(bytes);
  }
}

function eventOf(text: string): EventData | null {
  const data = dataOf(text);
  return data === null ? null : { data, isError: /^event: ?error$/m.test(text) };
}
