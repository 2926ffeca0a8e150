import { Buffer } from "node:buffer";
import { setImmediate } from "node:timers";
import type { Clock, Timer } from "../effects/mod.ts";
import { GatehouseError } from "../errors/mod.ts";
import type { Logger } from "../telemetry/mod.ts";
import { Outbox } from "./outbox.ts";
import type { Socket, SocketHandler } from "./sockets.ts";

/** What a {@linkcode GuardedSocket} stands on. */
export interface GuardedSocketOptions {
  /** Deno's socket, not yet open. */
  readonly link: WebSocket;
  /** Makes the handler when it opens. */
  readonly open: (socket: Socket) => SocketHandler;
  /** Whether the server is stopping. */
  readonly draining: () => boolean;
  /** Called once, when it counts no longer. */
  readonly onGone: (socket: GuardedSocket) => void;
  /** Times the outbox and the farewell. */
  readonly clock: Clock;
  /** Its lines carry the request's id and route. */
  readonly log: Logger;
}

/** Bytes of the longest frame that is taken. */
const MAX_FRAME = 1024 * 1024;

/** Milliseconds that what waits may take to go out, and then the other side to answer the close. */
const PATIENCE = 5_000;

/** `closing`: what waits goes out, then the close frame, and the other side answers. `gone`: it counts no longer. */
type State = "opening" | "open" | "closing" | "gone";

/**
 * A WebSocket of Deno that a surface can hold: frames that may not come close it, those that go wait for the reader,
 * faults of the handler and of the network end it and nothing else.
 */
export class GuardedSocket implements Socket {
  readonly #options: GuardedSocketOptions;
  readonly #outbox: Outbox;
  readonly #closed = new AbortController();
  readonly #openedAt: number;
  #state: State = "opening";
  #handler: SocketHandler | null = null;
  #timer: Timer | null = null;
  #code: number | null = null;

  /** Takes charge of `link`, which is about to open. */
  constructor(options: GuardedSocketOptions) {
    const { link, clock } = this.#options = options;
    this.#openedAt = clock.monotonic();
    this.#outbox = new Outbox({
      clock,
      onBehind: () => this.#giveUp(),
      sink: {
        get bufferedAmount() {
          return link.bufferedAmount;
        },
        send: (text) => this.#hand(text),
      },
    });
    link.addEventListener("open", () => this.#onOpen());
    link.addEventListener("message", ({ data }: MessageEvent<unknown>) => this.#onMessage(data));
    link.addEventListener("close", ({ code }) => this.#gone(code));
    link.addEventListener("error", () => {
      // A client that left during the handshake; later on a `close` follows, with the code.
      if (this.#state === "opening") this.#gone(0);
    });
  }

  get signal(): AbortSignal {
    return this.#closed.signal;
  }

  send(text: string): void {
    if (this.#state === "open") this.#outbox.send(text);
  }

  close(code: number, reason: string): void {
    if (this.#state !== "open") return;
    this.#state = "closing";
    this.#code = code;
    this.#after(() => this.#outbox.drop());
    this.#outbox.whenEmpty(() => this.#sayClose(code, reason));
    this.#abort();
  }

  /** Closes without sending what waits. */
  cut(code: number, reason: string): void {
    this.#outbox.drop();
    if (this.#state === "opening") this.#gone(code);
    this.close(code, reason);
  }

  /** Tells the handler that the server is stopping. */
  drain(): void {
    const handler = this.#handler;
    if (this.#state === "open" && handler !== null) this.#run(() => handler.onDrain());
  }

  #onOpen(): void {
    // Given up since.
    if (this.#state !== "opening") return this.#options.link.close(1012, "the server is stopping");
    this.#state = "open";
    this.#run(() => this.#handler = this.#options.open(this));
    if (this.#options.draining()) this.drain();
  }

  #onMessage(data: unknown): void {
    const handler = this.#handler;
    if (this.#state !== "open" || handler === null) return;
    if (typeof data !== "string") return this.close(1003, "binary frames are not taken; send text");
    if (isTooLong(data)) return this.close(1009, "frames of more than 1 MiB are not taken");
    this.#run(() => handler.onText(data));
  }

  #giveUp(): void {
    this.cut(1008, "the reader is too far behind");
    // Deno cannot end a connection whose other side reads nothing, so the close may never be answered.
    this.#gone(1008);
  }

  #hand(text: string): void {
    const { link } = this.#options;
    // The time-out of a reader who reads nothing shows nowhere else, for its close frame waits for that reader.
    if (link.readyState === WebSocket.OPEN) link.send(text);
    else this.#gone(1001);
  }

  #sayClose(code: number, reason: string): void {
    if (this.#state === "gone") return;
    const { link } = this.#options;
    // Not from within a message: where another one came with it, Deno then ends the connection before the close frame
    // is written. A turn of the loop later it has read them all.
    setImmediate(() => {
      try {
        link.close(code, reason);
      } catch {
        // The reason is longer than a close frame.
        link.close(1011);
      }
    });
    this.#after(() => this.#gone(code));
  }

  #run(handle: () => void): void {
    try {
      handle();
    } catch (thrown) {
      this.#options.log.error("a fault in the handler of a WebSocket", faultOf(thrown));
      this.close(1011, "a fault in the server");
    }
  }

  #after(then: () => void): void {
    this.#stopTimer();
    this.#timer = this.#options.clock.setTimeout(then, PATIENCE);
  }

  #stopTimer(): void {
    if (this.#timer !== null) this.#options.clock.clearTimeout(this.#timer);
    this.#timer = null;
  }

  #gone(code: number): void {
    if (this.#state === "gone") return;
    const { clock, log, onGone } = this.#options;
    this.#state = "gone";
    this.#stopTimer();
    this.#outbox.drop();
    log.info("WebSocket closed", {
      // RFC 6455 §7.1.5: 1006 where the connection ended without a close frame, which Deno calls 0.
      code: this.#code ?? (code === 0 ? 1006 : code),
      ms: Math.round(clock.monotonic() - this.#openedAt),
    });
    onGone(this);
    this.#abort();
  }

  #abort(): void {
    this.#closed.abort(new GatehouseError("client_closed_request", "The WebSocket is closed"));
  }
}

/** Measures in UTF-8 only what could be too long. */
function isTooLong(text: string): boolean {
  return text.length * 3 > MAX_FRAME && (text.length > MAX_FRAME || Buffer.byteLength(text) > MAX_FRAME);
}

/** What was thrown and where, without its message: that may quote what somebody said. */
function faultOf(thrown: unknown): { readonly error: string; readonly at?: string } {
  if (!(thrown instanceof Error)) return { error: typeof thrown };
  const shown = String(thrown);
  const at = thrown.stack?.startsWith(shown) ? thrown.stack.slice(shown.length).trim().split("\n", 1)[0] : undefined;
  return { error: thrown.name, ...(at === undefined ? {} : { at }) };
}
