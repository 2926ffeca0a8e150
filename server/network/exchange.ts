import type { Dispatcher } from "undici";
import { readFailure } from "./failure.ts";
import { NetworkError, type OutgoingRequest } from "./http_client.ts";
import { hostPort } from "./safe_url.ts";
import type { Watch, Watchdog } from "./watchdog.ts";

type Controller = Dispatcher.DispatchController;

/** What an exchange is bounded by. */
export interface ExchangeLimits {
  readonly watchdog: Watchdog;
  /** Milliseconds for TCP and TLS; 0: no limit. */
  readonly connectionTimeout: number;
}

/** How much of a body is read ahead of its reader, in bytes. */
const READ_AHEAD = 64 * 1024;
const BODILESS = new Set([204, 205, 304]);

/**
 * One request and its answer, from the connect to the last byte of the body. It knows for certain whether anything was
 * sent: undici says when it begins to write, and never writes a request twice.
 */
export class Exchange implements Dispatcher.DispatchHandler {
  readonly answer: Promise<Response>;
  readonly #request: OutgoingRequest;
  readonly #where: string;
  readonly #limits: ExchangeLimits;
  readonly #resolve: (response: Response) => void;
  readonly #reject: (reason: unknown) => void;
  readonly #onAbort: () => void;
  #watch: Watch | null = null;
  #controller: Controller | null = null;
  #body: ReadableStreamDefaultController<Uint8Array> | null = null;
  #started = false;
  #settled = false;
  #over: { readonly reason: unknown } | null = null;

  /** @param label the way that is taken, for messages */
  constructor(request: OutgoingRequest, label: string, limits: ExchangeLimits) {
    const { promise, resolve, reject } = Promise.withResolvers<Response>();
    this.answer = promise;
    this.#resolve = resolve;
    this.#reject = reject;
    this.#request = request;
    this.#limits = limits;
    this.#where = `${hostPort(request.url)} ${label}`;
    this.#onAbort = () => this.#giveUp(request.signal.reason);
    request.signal.addEventListener("abort", this.#onAbort, { once: true });
  }

  /** Hands the request to `dispatcher`. A connection that is not there at once is waited for within the limit. */
  start(dispatcher: Dispatcher): void {
    const { url, method = "GET", headers, body } = this.#request;
    const fields = headers instanceof Headers ? Object.fromEntries(headers) : { ...headers };
    fields["accept-encoding"] = "identity";
    try {
      dispatcher.dispatch({
        origin: url.origin,
        path: url.pathname + url.search,
        method: method as Dispatcher.HttpMethod, // any token is a method to undici
        headers: fields,
        body: body ?? null,
      }, this);
    } catch (error) {
      return this.#fail(error);
    }
    const { watchdog, connectionTimeout } = this.#limits;
    if (this.#started || this.#settled) return;
    this.#watch = watchdog.watch({ silence: connectionTimeout, total: 0 }, () => {
      const why = `no connection within ${connectionTimeout / 1000} s`;
      const fix = "Check host, VPN and proxy settings, or raise CONNECTION_TIMEOUT.";
      this.#giveUp(new NetworkError("unreachable", false, `Cannot reach ${this.#where}: ${why}. ${fix}`));
    });
  }

  onRequestStart(controller: Controller): void {
    if (this.#over !== null) return controller.abort(asError(this.#over.reason));
    this.#controller = controller;
    this.#started = true;
    this.#watch?.stop();
    const { silence } = this.#request;
    if (silence === 0) return;
    this.#watch = this.#limits.watchdog.watch({ silence, total: 0 }, () => {
      const text = `${this.#where} did not begin to answer within ${silence / 1000} s.`;
      this.#giveUp(new NetworkError("silent", true, text));
    });
  }

  onResponseStart(
    controller: Controller,
    status: number,
    fields: Readonly<Record<string, string | string[] | undefined>>,
  ): void {
    // An interim answer (RFC 9110, 15.2): the real one follows.
    if (status < 200 || this.#settled) return;
    const headers = headersOf(fields);
    if (status > 599) {
      return this.#giveUp(
        new NetworkError("broken", true, `${this.#where} answered with a status that HTTP does not have.`),
      );
    }
    const bodiless = BODILESS.has(status) || this.#request.method === "HEAD";
    const body = bodiless ? null : unpacked(this.#stream(controller), headers);
    this.#settle(() => this.#resolve(new Response(body, { status, headers })));
  }

  onResponseData(controller: Controller, chunk: Uint8Array): void {
    if (this.#body === null || chunk.byteLength === 0) return;
    this.#body.enqueue(chunk);
    if ((this.#body.desiredSize ?? 0) <= 0) controller.pause();
  }

  onResponseEnd(): void {
    const body = this.#body;
    this.#body = null;
    body?.close();
  }

  onResponseError(_controller: Controller, error: Error): void {
    this.#fail(error);
  }

  #stream(controller: Controller): ReadableStream<Uint8Array> {
    return new ReadableStream<Uint8Array>({
      start: (body) => void (this.#body = body),
      pull: () => {
        if (controller.paused) controller.resume();
      },
      cancel: () => {
        this.#body = null;
        controller.abort(new Error("the reader left"));
      },
    }, { highWaterMark: READ_AHEAD, size: (chunk) => chunk.byteLength });
  }

  #fail(error: unknown): void {
    const { what, fix } = readFailure(error);
    const within = this.#settled ? `The connection to ${this.#where} ended within the answer: ${what}.` : null;
    this.#body?.error(new NetworkError("broken", true, within ?? what));
    this.#body = null;
    this.#settle(() =>
      this.#reject(
        this.#started
          ? new NetworkError("broken", true, `The connection to ${this.#where} ended before the answer: ${what}.`)
          : new NetworkError("unreachable", false, `Cannot reach ${this.#where}: ${what}. ${fix}`),
      )
    );
  }

  /** Nobody waits any more: the answer is refused now, and the connection, if there is one, is closed. */
  #giveUp(reason: unknown): void {
    this.#over = { reason };
    this.#settle(() => this.#reject(reason));
    this.#controller?.abort(asError(reason));
  }

  #settle(how: () => void): void {
    if (this.#settled) return;
    this.#settled = true;
    this.#watch?.stop();
    this.#request.signal.removeEventListener("abort", this.#onAbort);
    how();
  }
}

function headersOf(fields: Readonly<Record<string, string | string[] | undefined>>): Headers {
  const headers = new Headers();
  for (const [name, value] of Object.entries(fields)) {
    if (typeof value === "string") headers.set(name, value);
    else for (const one of value ?? []) headers.append(name, one);
  }
  return headers;
}

const CODINGS: Readonly<Record<string, "gzip" | "deflate" | "brotli">> = {
  gzip: "gzip",
  "x-gzip": "gzip",
  deflate: "deflate",
  br: "brotli",
};

/** A body that was packed although identity was asked for comes unpacked, and loses its length and encoding headers. */
function unpacked(body: ReadableStream<Uint8Array>, headers: Headers): ReadableStream<Uint8Array> {
  const coding = CODINGS[headers.get("content-encoding")?.trim().toLowerCase() ?? ""];
  if (coding === undefined) return body;
  headers.delete("content-encoding");
  headers.delete("content-length");
  // What undici hands out lies in plain memory, never in shared memory.
  return body.pipeThrough(new DecompressionStream(coding) as ReadableWritablePair<Uint8Array, Uint8Array>);
}

function asError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error("the request was given up");
}
