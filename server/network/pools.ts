import type { Dispatcher } from "undici";
import type { NetworkSettings } from "../settings/mod.ts";

/** The pools of connections of one HTTP client. */
export interface Pools {
  readonly direct: () => Promise<Dispatcher>;
  /** A pool whose connections go through `proxy`. */
  readonly through: (proxy: URL) => () => Promise<Dispatcher>;
  /** Ends every connection. */
  readonly close: () => void;
}

/** How long an idle connection is kept, in milliseconds; a server's own `keep-alive: timeout` wins where it is shorter. */
const IDLE = 30_000;
/** Nothing is timed in undici: its timers are shared by the whole process and outlive a client; ours are handed in. */
const UNTIMED = { headersTimeout: 0, bodyTimeout: 0, keepAliveTimeout: IDLE, allowH2: false } as const;

/**
 * Pools of undici, which is loaded with the first of them, and for the direct way only in part: the whole of it costs twice
 * the time and memory. It, and not `fetch`, because Deno's fetch sends a request a second time when the connection ends before the
 * answer (denoland/deno #35610) and may forget a signal once the headers are there.
 */
export function openPools({ caCertificates, clientCertificate }: NetworkSettings): Pools {
  const opened = new Set<Promise<Dispatcher>>();
  const tls = {
    timeout: 0,
    allowH2: false,
    ...(caCertificates.length > 0 ? { ca: [...caCertificates] } : {}),
    ...(clientCertificate === null ? {} : { cert: clientCertificate.certificate, key: clientCertificate.key.reveal() }),
  };
  const once = (open: () => Promise<Dispatcher>) => {
    let pool: Promise<Dispatcher> | null = null;
    return () => {
      if (pool === null) opened.add(pool = open());
      return pool;
    };
  };
  return {
    direct: once(async () => {
      const { default: Agent } = await import("undici/lib/dispatcher/agent.js");
      return new Agent({ ...UNTIMED, connect: tls });
    }),
    through: (proxy) =>
      once(async () => {
        // The whole of it: a tunnel is opened by a method that only the main module adds.
        const { Pool, ProxyAgent } = await import("undici");
        const pool = (origin: URL | string, options: object) => new Pool(origin, { ...options, ...UNTIMED });
        return new ProxyAgent({
          ...UNTIMED,
          uri: proxy.href,
          connectTimeout: 0,
          requestTls: tls,
          proxyTls: tls,
          clientFactory: pool,
          factory: pool,
        });
      }),
    close() {
      // What is on its way is over; a pool that could not be opened has nothing to end.
      for (const pool of opened) pool.then((dispatcher) => dispatcher.destroy()).catch(() => {});
    },
  };
}
