/** A server that listens on loopback. */
export interface Listening {
  /** `http://127.0.0.1:<port>`, no slash at the end. */
  readonly origin: string;
  /** Stops accepting and waits for what is open. */
  close(): Promise<void>;
}

/** Answers one request. */
export type Handler = (request: Request) => Response | Promise<Response>;

/**
 * Listens on 127.0.0.1.
 *
 * @param port 0 lets the system choose
 * @param build makes the handler once the origin is known
 */
export function listen(port: number, build: (origin: string) => Handler): Listening {
  let handle: Handler = () => new Response(null, { status: 503 });
  const server = Deno.serve({ hostname: "127.0.0.1", port, onListen() {} }, (request, info) => {
    // Deno tells of a client that leaves in mid-stream only where this is asked for.
    info.completed.catch(() => {});
    return handle(request);
  });
  const origin = `http://127.0.0.1:${server.addr.port}`;
  handle = build(origin);
  return { origin, close: () => server.shutdown() };
}
