import type { Clock } from "../effects/mod.ts";
import type { Logger } from "../telemetry/mod.ts";
import type { Call } from "./exchange.ts";
import type { Socket, SocketHandler, Sockets } from "./sockets.ts";
import { GuardedSocket } from "./sockets_guarded.ts";
import { badHandshake, readHandshake } from "./sockets_handshake.ts";

/** What the WebSockets of a server stand on. */
export interface SocketsOptions {
  /** Times slow readers and farewells. */
  readonly clock: Clock;
  /** Told of every end, and of handlers that fail. */
  readonly log: Logger;
  /** Makes a WebSocket of a request. @default {Deno.upgradeWebSocket} */
  readonly upgrade?: (request: Request, options: Deno.UpgradeWebSocketOptions) => Deno.WebSocketUpgrade;
}

/** Seconds without a word of the other side until it is closed; Deno pings after half of them. */
const IDLE_TIMEOUT = 60;

/** The WebSockets of one server: it knows which are open, for `server.shutdown()` waits for none of them. */
export function createSockets({ clock, log, upgrade = Deno.upgradeWebSocket }: SocketsOptions): Sockets {
  const open = new Set<GuardedSocket>();
  const whenIdle = new Set<() => void>();
  let draining = false;

  function onGone(socket: GuardedSocket): void {
    open.delete(socket);
    if (open.size > 0) return;
    for (const resolve of whenIdle) resolve();
    whenIdle.clear();
  }

  return {
    accept({ req, env }: Call, handle: (socket: Socket) => SocketHandler): Response {
      const { protocol } = readHandshake(req.raw.method, env.headers);
      const lines = log.with({ request_id: env.id, route: env.route?.pattern ?? null });
      const { socket: link, response } = upgradeOf(upgrade, req.raw);
      // From here on nothing may throw: Deno stops serving altogether when any other answer than this one comes.
      open.add(new GuardedSocket({ link, open: handle, draining: () => draining, onGone, clock, log: lines }));
      // Deno's own option splits the offers at ", " only, and refuses a client that writes none of the spaces.
      if (protocol !== null) response.headers.set("sec-websocket-protocol", protocol);
      return response;
    },
    get open() {
      return open.size;
    },
    drain() {
      draining = true;
      for (const socket of [...open]) socket.drain();
    },
    idle: () => open.size === 0 ? Promise.resolve() : new Promise((resolve) => whenIdle.add(resolve)),
    closeAll() {
      for (const socket of [...open]) socket.cut(1012, "the server is stopping");
    },
  };
}

function upgradeOf(upgrade: NonNullable<SocketsOptions["upgrade"]>, request: Request): Deno.WebSocketUpgrade {
  try {
    return upgrade(request, { idleTimeout: IDLE_TIMEOUT });
  } catch {
    throw badHandshake("its head is not that of a handshake");
  }
}
