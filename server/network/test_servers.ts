import { FakeClock, settle } from "../effects/fake_clock.ts";
import { Secret } from "../secrets/mod.ts";
import type { NetworkSettings } from "../settings/mod.ts";
import { silentLogger } from "../telemetry/mod.ts";
import { createHttpClient, type HttpClientOptions } from "./client.ts";
import type { HttpClient, OutgoingRequest } from "./http_client.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** A PEM file of `testdata/`. */
export function pem(name: string): string {
  return Deno.readTextFileSync(new URL(`./testdata/${name}.pem`, import.meta.url));
}

/** Settings with nothing configured and a connect limit of 2 s. */
export function settingsOf(changes: Partial<NetworkSettings> = {}): NetworkSettings {
  return {
    httpProxy: null,
    httpsProxy: null,
    noProxy: [],
    connectionTimeout: 2000,
    caCertificates: [],
    clientCertificate: null,
    ...changes,
  };
}

/** A client on a fake clock; `using` closes it. */
export function clientOf(
  changes: Partial<NetworkSettings> = {},
  options: Partial<HttpClientOptions> = {},
): HttpClient & Disposable & { readonly clock: FakeClock } {
  const clock = new FakeClock();
  const settings = settingsOf(changes);
  const client = createHttpClient({ settings, clock, log: silentLogger, random: () => 0.5, ...options });
  return { ...client, clock, [Symbol.dispose]: () => client.close() };
}

export function request(url: string, changes: Partial<OutgoingRequest> = {}): OutgoingRequest {
  return { url: new URL(url), signal: new AbortController().signal, silence: 0, ...changes };
}

export function proxySecret(port: number, userInfo = ""): Secret {
  return new Secret(`http://${userInfo}127.0.0.1:${port}`);
}

/** A TCP server that does exactly what `handle` does with each connection; `using` ends it and all connections. */
export class RawServer implements Disposable {
  readonly port: number;
  readonly url: string;
  accepted = 0;
  readonly #listener: Deno.TcpListener;
  readonly #open = new Set<Deno.Conn>();
  #ended = false;

  constructor(handle: (conn: Deno.Conn) => Promise<void>, port = 0) {
    this.#listener = Deno.listen({ hostname: "127.0.0.1", port });
    this.port = this.#listener.addr.port;
    this.url = `http://127.0.0.1:${this.port}`;
    this.#accept(handle);
  }

  async #accept(handle: (conn: Deno.Conn) => Promise<void>): Promise<void> {
    for await (const conn of this.#listener) {
      this.accepted++;
      this.#open.add(conn);
      handle(conn).catch(() => {}); // the far side may be gone, which is what most tests are about
    }
  }

  [Symbol.dispose](): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#listener.close();
    for (const conn of this.#open) close(conn);
  }
}

/** A port where nothing listens. */
export function closedPort(): number {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  listener.close();
  return listener.addr.port;
}

/** Waits for a timer: undici is loaded with the first request, and its connect limit is set thereafter. */
export async function timerSet(clock: FakeClock): Promise<void> {
  while (clock.pending === 0) await settle();
}

/** What comes next, as text; empty at the end. */
export async function readText(conn: Deno.Conn): Promise<string> {
  const buffer = new Uint8Array(65_536);
  return decoder.decode(buffer.subarray(0, await conn.read(buffer) ?? 0));
}

export async function writeText(conn: Deno.Conn, text: string): Promise<void> {
  await conn.write(encoder.encode(text));
}

export function close(conn: Deno.Conn): void {
  try {
    conn.close();
  } catch {
    // closed before
  }
}

/** An HTTP server that echoes what it was asked. */
export function echoServer(tls: boolean): AsyncDisposable & { readonly url: string; readonly port: number } {
  const options = { hostname: "127.0.0.1", port: 0, onListen() {} };
  const handler = async (asked: Request) =>
    Response.json({ url: asked.url, headers: Object.fromEntries(asked.headers), body: await asked.text() });
  const server = tls
    ? Deno.serve({ ...options, cert: pem("server"), key: pem("server.key") }, handler)
    : Deno.serve(options, handler);
  const { port } = server.addr;
  return {
    port,
    url: `${tls ? "https" : "http"}://127.0.0.1:${port}`,
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}

/** A small HTTP proxy that knows CONNECT only; `heads` keeps what it was asked. */
export function connectProxy(heads: string[], answer = "HTTP/1.1 200 OK\r\n\r\n"): RawServer {
  return new RawServer(async (conn) => {
    const head = await readText(conn);
    if (head === "") return close(conn);
    heads.push(head);
    await writeText(conn, answer);
    const port = Number(/^CONNECT [^ ]+:(\d+) /.exec(head)?.[1]);
    if (!answer.includes(" 200 ")) return close(conn);
    const far = await Deno.connect({ hostname: "127.0.0.1", port });
    await Promise.all([
      conn.readable.pipeTo(far.writable).catch(() => close(far)),
      far.readable.pipeTo(conn.writable).catch(() => close(conn)),
    ]);
  });
}
