import { promises as dns } from "node:dns";
import { connect as connectTcp } from "node:net";
import { connect as connectTls, type ConnectionOptions } from "node:tls";
import type { NetworkSettings } from "../settings/mod.ts";
import { parseIp } from "./ip.ts";

/** Where a probe knocks: the target itself, or the proxy in front of it. */
export interface DialTarget {
  /** A name or an address; IPv6 without brackets. */
  readonly hostname: string;
  /** The TCP port. */
  readonly port: number;
  /** True: the TLS handshake is part of the probe. */
  readonly tls: boolean;
}

/**
 * Tries a connection and closes it at once. Settles soon after `signal` aborts and leaves nothing open.
 *
 * @throws what the system or the TLS library says; only {@linkcode readFailure} looks at it
 */
export type Dial = (target: DialTarget, signal: AbortSignal) => Promise<void>;

/** The addresses of one name that are tried side by side. */
const MAX_ADDRESSES = 6;

/** A dial over real sockets. */
export function createDial(settings: Pick<NetworkSettings, "clientCertificate">): Dial {
  const client = settings.clientCertificate;
  const identity = client === null ? {} : { cert: client.certificate, key: client.key.reveal() };

  return async ({ hostname, port, tls }, signal) => {
    const conn = await connectAny(await addressesOf(hostname), port, signal);
    const address = conn.remoteAddr.hostname;
    conn.close();
    if (tls) await handshake({ ...identity, host: address, port, ...serverName(hostname) }, signal);
  };
}

/** Addresses are not allowed as server names (RFC 6066, 3). */
function serverName(hostname: string): { servername?: string } {
  return parseIp(hostname) === null ? { servername: hostname } : {};
}

async function addressesOf(hostname: string): Promise<readonly string[]> {
  const found = await dns.lookup(hostname, { all: true });
  return found.slice(0, MAX_ADDRESSES).map(({ address }) => address);
}

/**
 * The first address that answers, all tried at once: Deno.connect tries only the first address of a name, and would call
 * a host with a broken IPv6 path dead that fetch reaches.
 */
async function connectAny(addresses: readonly string[], port: number, signal: AbortSignal): Promise<Deno.TcpConn> {
  signal.throwIfAborted();
  const losers = new AbortController();
  const stop = () => losers.abort(signal.reason);
  signal.addEventListener("abort", stop, { once: true });
  let won = false;
  const tries = addresses.map(async (hostname) => {
    const conn = await Deno.connect({ hostname, port, signal: losers.signal });
    if (won || signal.aborted) {
      conn.close();
      throw new Error("late");
    }
    won = true;
    return conn;
  });
  try {
    return await Promise.any(tries);
  } catch (error) {
    throw error instanceof AggregateError ? error.errors[0] ?? new Error("no address") : error;
  } finally {
    signal.removeEventListener("abort", stop);
    losers.abort();
  }
}

/**
 * Only asks whether the far side shakes hands: the certificate is judged by fetch, which fails before it sends. It is
 * node:tls because a Deno.TlsConn that is closed within its handshake keeps the socket until the far side hangs up.
 */
function handshake(options: ConnectionOptions, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.reject(signal.reason);
  return new Promise((resolve, reject) => {
    const raw = connectTcp({ host: options.host ?? "", port: options.port ?? 0 });
    const secure = connectTls({ ...options, socket: raw, rejectUnauthorized: false });
    const end = (settle: () => void) => {
      signal.removeEventListener("abort", onAbort);
      secure.destroy();
      raw.destroy();
      settle();
    };
    const onAbort = () => end(() => reject(signal.reason));
    const onError = (error: Error) => end(() => reject(error));
    signal.addEventListener("abort", onAbort, { once: true });
    secure.once("secureConnect", () => end(resolve));
    secure.on("error", onError);
    raw.on("error", onError);
    raw.once("close", () => end(() => reject(new Error("tls handshake eof"))));
  });
}
