import type { Socket } from "../../http/mod.ts";

/** A socket that keeps what is sent. */
export class FakeSocket implements Socket {
  /** The frames that were sent. */
  readonly sent: string[] = [];
  /** How it was closed by this side. */
  readonly closed: (readonly [code: number, reason: string])[] = [];
  readonly #left = new AbortController();

  get signal(): AbortSignal {
    return this.#left.signal;
  }

  /** The frames, parsed; takes them off. */
  take(): unknown[] {
    return this.sent.splice(0).map((text) => JSON.parse(text));
  }

  send(text: string): void {
    this.sent.push(text);
  }

  close(code: number, reason: string): void {
    this.closed.push([code, reason]);
  }

  /** The other side leaves. */
  leave(): void {
    this.#left.abort();
  }
}
