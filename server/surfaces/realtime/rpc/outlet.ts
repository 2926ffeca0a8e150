/** What {@linkcode createOutlet} needs of a socket. */
export interface OutletSocket {
  /** Sends a frame. */
  send(text: string): void;
  /** Aborted when nobody listens any more. */
  readonly signal: AbortSignal;
}

/** The way out for what one task has to tell: in its order, and never before the answer that names the task. */
export interface Outlet {
  /** Sends a notification, or keeps it as long as somebody holds the outlet. */
  notify(method: string, params: Readonly<Record<string, unknown>>): void;
  /** Holds back all that comes from now on. @returns lets it go, once nobody else holds it */
  hold(): () => void;
}

/** An outlet that nobody holds. */
export function createOutlet(socket: OutletSocket): Outlet {
  let holders = 0;
  const waiting: string[] = [];
  return {
    notify(method, params) {
      if (socket.signal.aborted) return;
      const text = JSON.stringify({ jsonrpc: "2.0", method, params });
      if (holders > 0) waiting.push(text);
      else socket.send(text);
    },
    hold() {
      holders++;
      return () => {
        if (--holders > 0) return;
        for (const text of waiting.splice(0)) socket.send(text);
      };
    },
  };
}
