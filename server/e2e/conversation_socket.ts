import { assert } from "@std/assert";

/** A frame of either protocol, as far as the suites look at it. */
export interface Frame {
  readonly chunk?: string;
  readonly done?: true;
  readonly message_id?: string;
  readonly error?: { readonly code: string | number };
  readonly id?: number;
  readonly result?: { readonly task_id?: string; readonly accepted?: number };
  readonly method?: string;
  readonly params?: {
    readonly task_id: string;
    readonly chunk?: string;
    readonly request_id?: string;
    readonly tool_name?: string;
    readonly parameters?: unknown;
    readonly status_message?: string;
    readonly final_text?: string;
    readonly error?: { readonly code: number; readonly data?: { readonly code?: string } };
  };
}

/** A WebSocket of a session, read frame by frame. */
export class SessionSocket implements AsyncDisposable {
  readonly #socket: WebSocket;
  readonly #frames: Frame[] = [];
  #news = Promise.withResolvers<void>();
  readonly #closed = Promise.withResolvers<{ readonly code: number; readonly reason: string }>();
  #isClosed = false;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.addEventListener("message", ({ data }) => {
      this.#frames.push(JSON.parse(data));
      this.#wake();
    });
    socket.addEventListener("close", ({ code, reason }) => {
      this.#isClosed = true;
      this.#closed.resolve({ code, reason });
      this.#wake();
    });
  }

  /** @param gate its `http` URL */
  static async open(gate: string, sessionId: string): Promise<SessionSocket> {
    const link = new WebSocket(`${gate.replace(/^http/, "ws")}/ws/${sessionId}`);
    const socket = new SessionSocket(link);
    const opened = new Promise((resolve) => link.addEventListener("open", () => resolve(true), { once: true }));
    assert(await Promise.race([opened, socket.closed.then(() => false)]), "the WebSocket opens");
    return socket;
  }

  /** How it ended. */
  get closed(): Promise<{ readonly code: number; readonly reason: string }> {
    return this.#closed.promise;
  }

  send(frame: string | object): void {
    if (this.#isClosed) return;
    this.#socket.send(typeof frame === "string" ? frame : JSON.stringify(frame));
  }

  /** Null: it is closed, and nothing is left. */
  async next(): Promise<Frame | null> {
    for (;;) {
      const frame = this.#frames.shift();
      if (frame !== undefined) return frame;
      if (this.#isClosed) return null;
      await this.#news.promise;
    }
  }

  /** Reads until this is found. */
  async until(isIt: (frame: Frame) => boolean, what: string): Promise<Frame> {
    for (let frame = await this.next(); frame !== null; frame = await this.next()) if (isIt(frame)) return frame;
    throw new Error(`The WebSocket closed before ${what}: ${JSON.stringify(await this.closed)}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#isClosed) this.#socket.close();
    await this.closed;
  }

  #wake(): void {
    this.#news.resolve();
    this.#news = Promise.withResolvers();
  }
}
