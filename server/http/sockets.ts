import type { Call } from "./exchange.ts";

/** One WebSocket, as the surface that speaks over it sees it. */
export interface Socket {
  /**
   * Sends a text frame when the other side takes it; after the end it does nothing. A reader that is slow is sent no more
   * than it takes. One that is more than 8 MiB behind, not counting the longest frame of what it is owed, or that has
   * taken none for a minute, is given up: closed (1008), what waits dropped.
   */
  send(text: string): void;
  /**
   * Sends what waits, for 5 s at most, then closes (RFC 6455 §7.4). From the call on nothing more is sent or heard.
   *
   * @param reason at most 123 bytes in UTF-8
   */
  close(code: number, reason: string): void;
  /** Aborted (`client_closed_request`) as soon as the socket is being closed, by whomever, or its client has left. */
  readonly signal: AbortSignal;
}

/** What a surface does with a socket. What it throws is logged, and closes the socket (1011). */
export interface SocketHandler {
  /** A text frame has come. */
  onText(text: string): void;
  /** The server is stopping: close as soon as nothing is under way. Also called at once on one that is opened late. */
  onDrain(): void;
}

/** The WebSockets of one server. */
export interface Sockets {
  /**
   * Answers an upgrade. Frames over 1 MiB close with 1009, binary frames with 1003; a ping goes out after 30 s of
   * silence, and the socket closes when 30 s more bring nothing.
   *
   * Its answer must be what the handler answers, as it is: of a request that was upgraded and is answered otherwise,
   * be it by an error, Deno's server dies.
   *
   * @param open called when the socket is open
   * @throws {GatehouseError} `upgrade_required`: the request asks for no WebSocket; `invalid_request`: for one, wrongly
   */
  accept(call: Call, open: (socket: Socket) => SocketHandler): Response;
  /** How many are open, or about to be. */
  readonly open: number;
  /** Tells all handlers that the server is stopping. */
  drain(): void;
  /** Resolves when none is open. */
  idle(): Promise<void>;
  /** Closes all that are left (1012) without sending what waits; one that does not answer is open for 5 s more. */
  closeAll(): void;
}
