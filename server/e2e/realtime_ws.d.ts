// What the suites use of `ws`, which ships no types.

/** What a handshake may carry. */
export interface ClientOptions {
  readonly headers?: Readonly<Record<string, string>>;
  /** The page that opens it. */
  readonly origin?: string;
}

/** A client's WebSocket, in the part of it that is the browser's own. */
export default class WebSocketOfNpm extends EventTarget {
  constructor(url: string, protocols: readonly string[], options?: ClientOptions);
  readonly protocol: string;
  readonly readyState: number;
  send(data: string): void;
  close(code?: number, reason?: string): void;
  /** Ends the connection without a word. */
  terminate(): void;
  on(event: "unexpected-response", listener: (request: unknown, response: HandshakeAnswer) => void): this;
  on(event: "open", listener: () => void): this;
  on(event: "message", listener: (data: { toString(): string }, isBinary: boolean) => void): this;
  on(event: "close", listener: (code: number, reason: { toString(): string }) => void): this;
  on(event: "error", listener: (error: Error) => void): this;
}

/** The answer to a handshake that was refused: Node's. */
export interface HandshakeAnswer extends AsyncIterable<Uint8Array> {
  readonly statusCode: number;
}
