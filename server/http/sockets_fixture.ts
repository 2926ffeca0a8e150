import { NOBODY } from "../accounts/mod.ts";
import { FakeClock } from "../effects/fake_clock.ts";
import { createLogger } from "../telemetry/mod.ts";
import { createSockets } from "./create_sockets.ts";
import { asGatehouseError, errorResponse } from "./error_response.ts";
import { createRoutes } from "./routes.ts";
import type { Socket, SocketHandler, Sockets } from "./sockets.ts";

/** A handler that keeps what it hears, and answers in the words of the test. */
export class Ear implements SocketHandler {
  readonly socket: Socket;
  readonly heard: string[] = [];
  drains = 0;
  /** Called with each text that comes. */
  answer: (text: string) => void = () => {};
  /** Called when the server is stopping. */
  farewell: () => void = () => {};

  constructor(socket: Socket) {
    this.socket = socket;
  }

  onText(text: string): void {
    this.heard.push(text);
    this.answer(text);
  }

  onDrain(): void {
    this.drains++;
    this.farewell();
  }
}

/** A server whose only path, `/ws/{id}`, is a WebSocket. */
export interface SocketServer extends AsyncDisposable {
  readonly url: URL;
  readonly sockets: Sockets;
  readonly clock: FakeClock;
  /** Deno's sockets, in the order in which they were made, and what they were made with. */
  readonly links: readonly { readonly socket: WebSocket; readonly options: Deno.UpgradeWebSocketOptions }[];
  /** The log, each line parsed. */
  readonly lines: readonly Record<string, unknown>[];
  /** The next handler that opens. */
  opened(): Promise<Ear>;
}

/** What {@linkcode serveSockets} may be told. */
export interface SocketServerOptions {
  /** Makes the handlers. @default {an `Ear`} */
  readonly open?: (socket: Socket) => SocketHandler;
  /** Seconds until a silent client is closed, instead of those of the product. */
  readonly idleTimeout?: number;
  /** Awaited before a handshake is answered. */
  readonly before?: () => Promise<void>;
}

/** Serves WebSockets on loopback, through Deno's own server. Disposing it waits until each connection has ended. */
export function serveSockets({ open, idleTimeout, before }: SocketServerOptions = {}): SocketServer {
  const clock = new FakeClock();
  const links: { socket: WebSocket; options: Deno.UpgradeWebSocketOptions }[] = [];
  const ended: Promise<void>[] = [];
  const lines: Record<string, unknown>[] = [];
  const log = createLogger({
    level: "debug",
    clock,
    sinks: [{
      format: "json",
      write: (line) => lines.push(JSON.parse(line)) > 0,
      flush: () => Promise.resolve(),
      close: () => Promise.resolve(),
    }],
  });
  const sockets = createSockets({
    clock,
    log,
    upgrade: (request, options) => {
      const upgrade = Deno.upgradeWebSocket(request, idleTimeout === undefined ? options : { ...options, idleTimeout });
      links.push({ socket: upgrade.socket, options });
      ended.push(
        new Promise((resolve) => {
          for (const end of ["close", "error"]) upgrade.socket.addEventListener(end, () => resolve());
        }),
      );
      return upgrade;
    },
  });
  const ears: Ear[] = [];
  const waiting: ((ear: Ear) => void)[] = [];
  const listen = (socket: Socket): Ear => {
    const ear = new Ear(socket);
    const next = waiting.shift();
    if (next === undefined) ears.push(ear);
    else next(ear);
    return ear;
  };
  const routes = createRoutes([{
    surface: "realtime",
    paths: {
      "/ws/:id": {
        GET: async (call) => {
          await before?.();
          return sockets.accept(call, open ?? listen);
        },
      },
    },
  }]);
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, async (request) => {
    try {
      const response = await routes.fetch(request, {
        id: "request-1",
        headers: [...request.headers],
        who: NOBODY,
        address: "127.0.0.1",
        signal: request.signal,
        log: log.with({ request_id: "request-1" }),
        startedAt: 0,
        route: null,
        told: false,
      });
      response.headers.set("x-request-id", "request-1");
      return response;
    } catch (thrown) {
      return errorResponse(asGatehouseError(thrown));
    }
  });
  return {
    url: new URL(`http://127.0.0.1:${server.addr.port}/ws/1`),
    sockets,
    clock,
    links,
    lines,
    opened() {
      const ear = ears.shift();
      return ear === undefined ? new Promise((resolve) => waiting.push(resolve)) : Promise.resolve(ear);
    },
    async [Symbol.asyncDispose]() {
      sockets.closeAll();
      await Promise.all(ended);
      await server.shutdown();
    },
  };
}
