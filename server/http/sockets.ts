import type { Call } from "./exchange.ts";

/** One WebSocket, as the surface that speaks over it sees it. */
export interface Socket {
  /**
   * Sends a text frame when the other side takes it. A reader that is slow is sent no more than it takes; one that is
   * 8 MiB behind is closed (1008), and what waits is dropped.
   */
  send(text: string): void;
  /** Sends what waits, then closes (RFC 6455 §7.4). */
  close(code: number, reason: string): void;
  /** Aborted when the socket is closed, by whomever. */
  readonly signal: AbortSignal;
}

/** What a surface does with a socket. */
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
   * @param open called when the socket is open
   * @throws {GatehouseError} `upgrade_required`: the request asks for no WebSocket
   */
  accept(call: Call, open: (socket: Socket) => SocketHandler): Response;
  /** How many are open. */
  readonly open: number;
  /** Tells all handlers that the server is stopping. */
  drain(): void;
  /** Resolves when none is open. */
  idle(): Promise<void>;
  /** Closes all that are left (1012). */
  closeAll(): void;
}
