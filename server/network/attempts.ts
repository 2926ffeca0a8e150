import type { buildConnector } from "undici";
import type { Clock } from "../effects/mod.ts";
import { type Failure, NoConnectionError } from "./failure.ts";

/** Makes one connection, and closes all it has opened when the signal aborts. */
export type Connect = (
  options: buildConnector.Options & { readonly signal: AbortSignal },
  callback: buildConnector.Callback,
) => unknown;

/** The connection attempts of one client. */
export interface Attempts {
  /** `connect` with a limit for each attempt. One that is given up leaves nothing open. */
  bounded(connect: Connect): buildConnector.connector;
  /** Gives up those that are under way. */
  close(): void;
}

const CLOSED: Failure = { what: "the HTTP client is closed", fix: "Gatehouse is stopping." };

/** @param limit milliseconds for an attempt, with its TLS handshake and its tunnel; 0: no limit */
export function createAttempts(clock: Clock, limit: number): Attempts {
  const open = new Set<(why: Failure) => void>();
  let closed = false;
  const late: Failure = {
    what: `no connection within ${limit / 1000} s`,
    fix: "Check host, VPN and proxy settings, or raise CONNECTION_TIMEOUT.",
  };
  return {
    bounded: (connect) => (options, callback) => {
      const controller = new AbortController();
      const end = (): boolean => {
        if (timer !== null) clock.clearTimeout(timer);
        return open.delete(giveUp);
      };
      const giveUp = (why: Failure) => {
        if (!end()) return;
        callback(new NoConnectionError(why), null);
        controller.abort();
      };
      const timer = limit > 0 ? clock.setTimeout(() => giveUp(late), limit) : null;
      open.add(giveUp);
      if (closed) return giveUp(CLOSED);
      connect({ ...options, signal: controller.signal }, (...[error, socket]) => {
        if (!end()) return void socket?.destroy();
        // undici would connect again, and again, for a socket that has closed meanwhile.
        if (error === null && !socket.destroyed) callback(null, socket);
        else callback(error ?? new Error("the connection was closed"), null);
      });
    },
    close() {
      closed = true;
      for (const giveUp of open) giveUp(CLOSED);
    },
  };
}
