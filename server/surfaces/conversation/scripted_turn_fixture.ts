import type { Turn, TurnEnd, TurnEvent } from "../../conversations/mod.ts";

/** What a test tells of a turn: an event without its number. */
type Told = TurnEvent extends infer E ? E extends { readonly n: number } ? Omit<E, "n"> : never : never;

/** A turn that does as the test says. */
export class ScriptedTurn implements Turn {
  readonly sessionId = "01SESSION";
  readonly messageId = "01MESSAGE";
  readonly replyId = "01REPLY";
  readonly headers = { "x-ratelimit-remaining-requests": "9" };
  /** How many read it now, and how many ever did. */
  reading = 0;
  readers = 0;
  readonly #events: TurnEvent[] = [];
  readonly #end = Promise.withResolvers<TurnEnd>();
  readonly #waiting = new Set<() => void>();

  constructor(...events: Told[]) {
    this.tell(...events);
  }

  get ended(): Promise<TurnEnd> {
    return this.#end.promise;
  }

  tell(...events: Told[]): void {
    for (const event of events) {
      // Spreading a member of the union keeps it one; the compiler does not follow that.
      this.#events.push({ ...event, n: this.#events.length } as TurnEvent);
    }
    for (const wake of this.#waiting) wake();
    this.#waiting.clear();
  }

  end(end: Partial<TurnEnd>): void {
    this.#end.resolve({ message: null, usage: null, failure: null, ...end });
  }

  async *events(after: number, signal: AbortSignal): AsyncGenerator<TurnEvent, void, undefined> {
    this.readers++;
    this.reading++;
    try {
      for (let n = after + 1;; n++) {
        while (n >= this.#events.length) await this.#more(signal);
        const event = this.#events[n];
        if (event === undefined) return;
        yield event;
        if (event.type === "done" || event.type === "error") return;
      }
    } finally {
      this.reading--;
    }
  }

  stop(): void {}

  #more(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) return reject(signal.reason);
      signal.addEventListener("abort", () => reject(signal.reason), { once: true });
      this.#waiting.add(resolve);
    });
  }
}
