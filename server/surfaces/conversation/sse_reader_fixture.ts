/** One event as a client has it. */
export interface SeenEvent {
  readonly id: string;
  readonly event: string;
  // deno-lint-ignore no-explicit-any -- parsed JSON, which the test compares
  readonly data: any;
}

/** Reads an event stream one event at a time; comments are passed over. */
export class SseReader {
  readonly #reader: ReadableStreamDefaultReader<string>;
  #text = "";

  constructor(response: Response) {
    if (response.body === null) throw new TypeError(`${response.status}: the answer has no body`);
    this.#reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  }

  /** Null: the stream has ended. */
  async next(): Promise<SeenEvent | null> {
    for (;;) {
      const end = this.#text.indexOf("\n\n");
      if (end !== -1) {
        const frame = this.#text.slice(0, end);
        this.#text = this.#text.slice(end + 2);
        if (!frame.startsWith(":")) return eventOf(frame);
        continue;
      }
      const { done, value } = await this.#reader.read();
      if (done) return null;
      this.#text += value;
    }
  }

  /** All that is still to come. */
  async rest(): Promise<SeenEvent[]> {
    const seen: SeenEvent[] = [];
    for (let event = await this.next(); event !== null; event = await this.next()) seen.push(event);
    return seen;
  }

  /** Leaves. */
  cancel(): Promise<void> {
    return this.#reader.cancel();
  }
}

function eventOf(frame: string): SeenEvent {
  const fields = Object.fromEntries(
    frame.split("\n").map((line) => {
      const at = line.indexOf(": ");
      return [line.slice(0, at), line.slice(at + 2)];
    }),
  );
  return { id: fields.id ?? "", event: fields.event ?? "", data: JSON.parse(fields.data ?? "null") };
}
