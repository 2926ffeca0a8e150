/** One request as the mock upstream saw it. */
export interface Seen {
  readonly method: string;
  /** Path and query. */
  readonly target: string;
  readonly headers: Headers;
  readonly body: Uint8Array<ArrayBuffer>;
  readonly text: string;
  /** Aborts when the caller leaves. */
  readonly signal: AbortSignal;
}

/** Answers one request. */
export type Answerer = (seen: Seen) => Response | Promise<Response>;

/** The models that the mock lists where a test does not say otherwise. */
export const MODELS = [{ id: "m1", object: "model", created: 1, owned_by: "mock" }];

/** A short whole answer. */
export const COMPLETION = JSON.stringify({
  id: "chatcmpl-1",
  object: "chat.completion",
  created: 1,
  model: "m1",
  choices: [{ index: 0, message: { role: "assistant", content: "hi" }, finish_reason: "stop" }],
  usage: { prompt_tokens: 5, completion_tokens: 2, total_tokens: 7 },
});

/**
 * An upstream on loopback that remembers what it saw and answers as the test says. The model list has an answerer of its
 * own, because the server asks for it when it likes.
 */
export class MockUpstream implements AsyncDisposable {
  /** All requests but those for the model list, in order. */
  readonly calls: Seen[] = [];
  readonly lists: Seen[] = [];
  answer: Answerer = () => json(COMPLETION);
  list: Answerer = () => Response.json({ object: "list", data: MODELS });
  readonly #waiting: { readonly count: number; readonly resolve: () => void }[] = [];
  readonly #server: Deno.HttpServer<Deno.NetAddr>;

  constructor() {
    this.#server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, (request, info) => {
      // Deno tells of a client that leaves in mid-stream only where this is asked for.
      info.completed.catch(() => {});
      return this.#take(request);
    });
  }

  get origin(): string {
    return `http://127.0.0.1:${this.#server.addr.port}`;
  }

  get chatUrl(): string {
    return `${this.origin}/v1/chat/completions`;
  }

  /** The last call. */
  get last(): Seen {
    const last = this.calls.at(-1);
    if (last === undefined) throw new Error("the upstream was not called");
    return last;
  }

  /** Resolves when so many calls have come. */
  called(count: number): Promise<void> {
    if (this.calls.length >= count) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push({ count, resolve }));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.shutdown();
  }

  async #take(request: Request): Promise<Response> {
    const url = new URL(request.url);
    const body = await request.bytes();
    const seen: Seen = {
      method: request.method,
      target: url.pathname + url.search,
      headers: request.headers,
      body,
      text: new TextDecoder().decode(body),
      signal: request.signal,
    };
    if (request.method === "GET" && url.pathname.endsWith("/models")) {
      this.lists.push(seen);
      return await this.list(seen);
    }
    this.calls.push(seen);
    for (const { count, resolve } of this.#waiting) if (this.calls.length >= count) resolve();
    return await this.answer(seen);
  }
}

/** A JSON answer of a known length, byte for byte. */
export function json(text: string, init: ResponseInit = {}): Response {
  const headers = new Headers(init.headers);
  if (!headers.has("content-type")) headers.set("content-type", "application/json");
  return new Response(text, { ...init, headers });
}

/** An event stream of these pieces. */
export function events(...pieces: readonly string[]): Response {
  return new Response(ReadableStream.from(pieces.map((piece) => new TextEncoder().encode(piece))), {
    headers: { "content-type": "text/event-stream; charset=utf-8" },
  });
}

/** One content chunk. */
export const chunk = (text: string) =>
  `data: {"id":"c","object":"chat.completion.chunk","choices":[{"index":0,"delta":{"content":${
    JSON.stringify(text)
  }},"finish_reason":null}]}\n\n`;
/** The chunk with the finish reason. */
export const FINISH =
  'data: {"id":"c","object":"chat.completion.chunk","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\n';
/** The chunk with the usage alone. */
export const USAGE =
  'data: {"id":"c","object":"chat.completion.chunk","choices":[],"usage":{"prompt_tokens":5,"completion_tokens":2,"total_tokens":7}}\n\n';
/** The end mark. */
export const DONE = "data: [DONE]\n\n";

/** Never answers; resolves only so that the mock can shut down when the caller has left. */
export function silence(seen: Seen): Promise<Response> {
  return new Promise((resolve) => {
    const leave = () => resolve(new Response(null, { status: 500 }));
    if (seen.signal.aborted) leave();
    else seen.signal.addEventListener("abort", leave, { once: true });
  });
}

/** Resolves when the caller of `seen` has left. */
export function left(seen: Seen): Promise<void> {
  return new Promise((resolve) => {
    if (seen.signal.aborted) resolve();
    else seen.signal.addEventListener("abort", () => resolve(), { once: true });
  });
}

/** An event stream that the test feeds by hand. */
export class Feed {
  readonly response: Response;
  /** Resolves when the reader has left. */
  readonly left: Promise<void>;
  #controller: ReadableStreamDefaultController<Uint8Array> | null = null;

  constructor(contentType = "text/event-stream") {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.left = promise;
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => void (this.#controller = controller),
      cancel: () => resolve(),
    });
    this.response = new Response(body, { headers: { "content-type": contentType } });
  }

  send(text: string): void {
    this.#controller?.enqueue(new TextEncoder().encode(text));
  }

  close(): void {
    this.#controller?.close();
  }

  /** Breaks the connection in the middle of the body. */
  break(): void {
    this.#controller?.error(new Error("broken on purpose"));
  }
}
