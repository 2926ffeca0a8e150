import { Duplex } from "node:stream";
import type { Socket } from "node:net";
import type { buildConnector, Dispatcher, Socks5ProxyAgent } from "undici";
import type { Clock } from "../effects/mod.ts";
import type { NetworkSettings } from "../settings/mod.ts";
import { type Connect, createAttempts } from "./attempts.ts";

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
export function openPools(settings: NetworkSettings, clock: Clock): Pools {
  const opened = new Set<Promise<Dispatcher>>();
  const attempts = createAttempts(clock, settings.connectionTimeout);
  const tls = tlsOptions(settings);
  const once = (open: () => Promise<Dispatcher>) => {
    let pool: Promise<Dispatcher> | null = null;
    return () => {
      if (pool === null) opened.add(pool = open());
      return pool;
    };
  };
  return {
    direct: once(async () => {
      const [{ default: Agent }, { default: connector }] = await Promise.all([
        import("undici/lib/dispatcher/agent.js"),
        import("undici/lib/core/connect.js"),
      ]);
      return new Agent({ ...UNTIMED, connect: attempts.bounded(closing(connector(tls))) });
    }),
    through: (proxy) =>
      once(async () => {
        if (proxy.protocol.startsWith("socks")) {
          const { Agent, Socks5ProxyAgent, buildConnector } = await import("undici");
          return new Agent({
            ...UNTIMED,
            connect: attempts.bounded(
              socks(proxy, Socks5ProxyAgent, buildConnector({ timeout: 0 }), buildConnector(tls)),
            ),
          });
        }
        // The whole of it: a tunnel is opened by a method that only the main module adds.
        const { Pool, ProxyAgent } = await import("undici");
        const open = (origin: URL | string, connect: Connect) =>
          new Pool(origin, { ...UNTIMED, connect: attempts.bounded(connect) });
        return new ProxyAgent({
          ...UNTIMED,
          uri: proxy.href,
          connectTimeout: 0,
          requestTls: tls,
          proxyTls: tls,
          // The connections to the proxy, each of which becomes a tunnel.
          clientFactory(url, options) {
            const pool = open(url, closing(connectOf(options)));
            // The overload that promises.
            const ask = pool.connect.bind(pool) as (
              asked: Dispatcher.ConnectOptions,
            ) => Promise<Dispatcher.ConnectData>;
            const connect = async (asked: Dispatcher.ConnectOptions) => {
              const tunnel = await ask(asked);
              if (asked.signal instanceof AbortSignal) closeWith(asked.signal, tunnel.socket);
              return tunnel;
            };
            return Object.assign(pool, { connect });
          },
          // What goes through the tunnels, or in plain to the proxy.
          factory: (origin, options) => open(origin, closing(connectOf(options))),
        });
      }),
    close() {
      attempts.close();
      // What is on its way is over; a pool that could not be opened has nothing to end.
      for (const pool of opened) pool.then((dispatcher) => dispatcher.destroy()).catch(() => {});
    },
  };
}

function tlsOptions({ caCertificates, clientCertificate }: NetworkSettings): buildConnector.BuildOptions {
  return {
    timeout: 0,
    allowH2: false,
    ...(caCertificates.length > 0 ? { ca: [...caCertificates] } : {}),
    ...(clientCertificate === null ? {} : { cert: clientCertificate.certificate, key: clientCertificate.key.reveal() }),
  };
}

/** What undici's own connectors return: a socket that is still connecting, or nothing of use. */
type RawConnect = (options: buildConnector.Options, callback: buildConnector.Callback) => unknown;

/** The connector that a proxy agent hands to the factories of its pools. */
function connectOf(options: object): RawConnect {
  if (!("connect" in options) || typeof options.connect !== "function") throw new TypeError("undici gave no connector");
  return options.connect as RawConnect; // what the agent itself would pass on
}

/** Undici's own agent for SOCKS limits nothing that ours could end, so only its handshake is used. */
function socks(
  proxy: URL,
  Socks: typeof Socks5ProxyAgent,
  toProxy: RawConnect,
  toTarget: RawConnect,
): Connect {
  // It knows no socks5h, but always lets the proxy resolve the name.
  const address = proxy.href.replace(/^socks5h:/, "socks5:");
  return async (options, callback) => {
    const { hostname, port, protocol, signal } = options;
    try {
      const agent = new Socks(address, {
        connect: (where, done) => closeWith(signal, toProxy(where, done)),
        connectTimeout: 0,
      } as Socks5ProxyAgent.Options) as SocksHandshake; // what its types leave out
      const socket = await agent.createSocks5Connection(hostname, Number(port) || (protocol === "https:" ? 443 : 80));
      if (protocol !== "https:") callback(null, socket);
      else closeWith(signal, toTarget({ ...options, httpSocket: socket }, callback));
    } catch (error) {
      callback(error instanceof Error ? error : new Error("the SOCKS proxy failed"), null);
    }
  };
}

interface SocksHandshake extends Socks5ProxyAgent {
  createSocks5Connection(host: string, port: number): Promise<Socket>;
}

/** Closes the socket that `connect` makes when the attempt is given up. */
function closing(connect: RawConnect): Connect {
  return (options, callback) => closeWith(options.signal, connect(options, callback));
}

function closeWith(signal: AbortSignal, socket: unknown): void {
  if (!(socket instanceof Duplex)) return;
  const close = () => void socket.destroy();
  if (signal.aborted) close();
  else signal.addEventListener("abort", close, { once: true });
}
