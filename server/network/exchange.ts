import type { Dispatcher } from "undici";
import { readFailure } from "./failure.ts";
import { NetworkError, type OutgoingRequest } from "./http_client.ts";
import { hostPort } from "./safe_url.ts";
import type { Watch, Watchdog } from "./watchdog.ts";

type Controller = Dispatcher.DispatchController;

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
  readonly #watchdog: Watchdog;
  readonly #resolve: (response: Response) => void;
  readonly #reject: (reason: unknown) => void;
  readonly #onAbort: () => void;
  #watch: Watch | null = null;
  #controller: Controller | null = null;
  #body: ReadableStreamDefaultController<Uint8Array> | null = null;
  /** What the body ends with once its reader has taken all that came before. */
  #broken: NetworkError | null = null;
  #started = false;
  #settled = false;
  #over: { readonly reason: unknown } | null = null;

  /** @param label the way that is taken, for messages */
  constructor(request: OutgoingRequest, label: string, watchdog: Watchdog) {
    const { promise, resolve, reject } = Promise.withResolvers<Response>();
    this.answer = promise;
    this.#resolve = resolve;
    this.#reject = reject;
    this.#request = request;
    this.#watchdog = watchdog;
    this.#where = `${hostPort(request.url)} ${label}`;
    this.#onAbort = () => this.#giveUp(request.signal.reason);
    request.signal.addEventListener("abort", this.#onAbort, { once: true });
  }

  /** Hands the request to `dispatcher`, whose connection attempts end by themselves. */
  start(dispatcher: Dispatcher): void {
    const { url, method = "GET", headers = {}, body } = this.#request;
    const fields: Record<string, string> = {};
    for (const [name, value] of headers instanceof Headers ? headers : Object.entries(headers)) {
      if (name.toLowerCase() !== "accept-encoding") fields[name] = value;
    }
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
      this.#fail(error);
    }
  }

  onRequestStart(controller: Controller): void {
    if (this.#over !== null) return controller.abort(asError(this.#over.reason));
    this.#controller = controller;
    this.#started = true;
    const { silence } = this.#request;
    if (silence === 0) return;
    this.#watch = this.#watchdog.watch({ silence, total: 0 }, () => {
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
    const refuse = (what: string) =>
      this.#giveUp(new NetworkError("broken", true, `${this.#where} answered with a ${what}.`));
    if (status > 599) return refuse("status that HTTP does not have");
    const bodiless = BODILESS.has(status) || this.#request.method === "HEAD";
    const coding = bodiless ? "" : headers.get("content-encoding")?.trim().toLowerCase() ?? "";
    const unpack = CODINGS.get(coding);
    if (unpack === undefined) return refuse("content coding that was not asked for and is not known");
    const body = bodiless ? null : this.#stream(controller);
    const response = new Response(body === null ? null : unpack(body, headers), { status, headers });
    this.#settle(() => this.#resolve(response));
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
      pull: (body) => {
        if (this.#broken === null) return controller.paused ? controller.resume() : undefined;
        if (body.desiredSize === READ_AHEAD) body.error(this.#broken);
      },
      cancel: () => {
        this.#body = null;
        controller.abort(new Error("the reader left"));
      },
    }, { highWaterMark: READ_AHEAD, size: (chunk) => chunk.byteLength });
  }

  #fail(error: unknown): void {
    const { what, fix } = readFailure(error);
    const body = this.#body;
    this.#body = null;
    if (body !== null) {
      const broken = new NetworkError(
        "broken",
        true,
        `The connection to ${this.#where} ended within the answer: ${what}.`,
      );
      // An error throws away what is not read yet.
      if (body.desiredSize === READ_AHEAD) body.error(broken);
      else this.#broken = broken;
    }
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

type Unpack = (body: ReadableStream<Uint8Array>, headers: Headers) => ReadableStream<Uint8Array>;

/** A body that was packed although identity was asked for comes unpacked, and loses its length and encoding headers. */
function unpacking(coding: CompressionFormat): Unpack {
  return (body, headers) => {
    headers.delete("content-encoding");
    headers.delete("content-length");
    // What undici hands out lies in plain memory, never in shared memory.
    return body.pipeThrough(new DecompressionStream(coding) as ReadableWritablePair<Uint8Array, Uint8Array>);
  };
}

const CODINGS: ReadonlyMap<string, Unpack> = new Map([
  ["", (body: ReadableStream<Uint8Array>) => body],
  ["identity", (body: ReadableStream<Uint8Array>) => body],
  ["gzip", unpacking("gzip")],
  ["x-gzip", unpacking("gzip")],
  ["deflate", unpacking("deflate")],
  ["br", unpacking("brotli")],
]);

function asError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error("the request was given up");
}
