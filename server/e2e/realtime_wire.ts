// @ts-types="./realtime_ws.d.ts"
import WebSocketOfNpm, { type ClientOptions } from "ws";
import { within } from "./realtime_within.ts";

/** How a connection ended. */
export interface Closing {
  readonly code: number;
  readonly reason: string;
}

/** How a WebSocket is opened. */
export interface Opening {
  /** The gate's address, `http:`. */
  readonly url: string;
  /** With its query. */
  readonly path: string;
  /** Subprotocols. @default [] */
  readonly protocols?: readonly string[];
  /** Of a client that can send some. @default {} */
  readonly headers?: Readonly<Record<string, string>>;
  /** The page that a browser would name. */
  readonly origin?: string;
}

/** What both clients can do. */
interface Link {
  readonly protocol: string;
  send(text: string): void;
  close(): void;
}

/** A WebSocket of a public client, read frame by frame. */
export class Wire implements AsyncDisposable {
  readonly #link: Link;
  readonly #frames: string[] = [];
  readonly #closing = Promise.withResolvers<Closing>();
  #listener: ((text: string) => void) | null = null;

  private constructor(link: Link) {
    this.#link = link;
  }

  /** Opens one by the npm package `ws`. @throws {Error} where the handshake is refused: its status and code */
  static async ofNpm({ url, path, protocols = [], headers = {}, origin }: Opening): Promise<Wire> {
    const options: ClientOptions = { headers, ...(origin === undefined ? {} : { origin }) };
    const link = new WebSocketOfNpm(addressOf(url, path), protocols, options);
    const wire = new Wire(link);
    const opened = Promise.withResolvers<Wire>();
    link.on("unexpected-response", async (_, response) => {
      let body = "";
      for await (const bytes of response) body += new TextDecoder().decode(bytes);
      opened.reject(new Error(`refused: ${response.statusCode} ${JSON.parse(body).error.code}`));
    });
    link.on("error", (error) => opened.reject(error));
    link.on("open", () => opened.resolve(wire));
    link.on("message", (data) => wire.#take(data.toString()));
    link.on("close", (code, reason) => wire.#closing.resolve({ code, reason: reason.toString() }));
    return await within(opened.promise, "the WebSocket to open");
  }

  /** Opens one as a page does, by Deno's own WebSocket. @throws {Error} where the handshake is refused */
  static async ofPage({ url, path, protocols = [] }: Opening): Promise<Wire> {
    const link = new WebSocket(addressOf(url, path), [...protocols]);
    const wire = new Wire(link);
    const opened = Promise.withResolvers<Wire>();
    link.onerror = () => opened.reject(new Error("refused"));
    link.onopen = () => opened.resolve(wire);
    link.onmessage = ({ data }) => wire.#take(String(data));
    link.onclose = ({ code, reason }) => wire.#closing.resolve({ code, reason });
    return await within(opened.promise, "the WebSocket to open");
  }

  /** The subprotocol that was chosen. */
  get protocol(): string {
    return this.#link.protocol;
  }

  /** Resolves at the end of the connection. */
  get closed(): Promise<Closing> {
    return within(this.#closing.promise, "the WebSocket to close");
  }

  send(text: string): void {
    this.#link.send(text);
  }

  /** From now on each frame goes there, those that wait first. */
  listen(listener: (text: string) => void): void {
    this.#listener = listener;
    for (const text of this.#frames.splice(0)) listener(text);
  }

  /** Says something in a session of text, and reads the reply to its last frame. */
  async converse(text: string): Promise<{ readonly text: string; readonly chunks: number; readonly last: LastFrame }> {
    const reply = Promise.withResolvers<LastFrame>();
    let said = "";
    let chunks = 0;
    this.listen((frame) => {
      const value: { readonly chunk?: string } & LastFrame = JSON.parse(frame);
      if (value.chunk === undefined) return reply.resolve(value);
      chunks++;
      said += value.chunk;
    });
    this.send(text);
    return { last: await within(reply.promise, `the end of the reply to ${JSON.stringify(text)}`), text: said, chunks };
  }

  /** Leaves as a decent client does. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#link.close();
    await this.closed;
  }

  #take(text: string): void {
    if (this.#listener === null) this.#frames.push(text);
    else this.#listener(text);
  }
}

/** The frame with which a reply ends. */
export interface LastFrame {
  readonly done?: true;
  readonly message_id?: string;
  readonly usage?: { readonly total_tokens: number } | null;
  readonly error?: { readonly code: string };
}

function addressOf(url: string, path: string): string {
  return `${url.replace(/^http/, "ws")}${path}`;
}
