import { chatChunk } from "./metered_answer.ts";

/** A tool call as the model asks for it. */
export interface AskedCall {
  readonly id: string;
  readonly name: string;
  /** JSON, or whatever a model takes for it. */
  readonly arguments: string;
}

/** A message of a request, as far as it is looked at. */
export interface ModelMessage {
  readonly role: string;
  readonly content: unknown;
  readonly tool_call_id?: string;
}

/** One chat request that has come, and what is done with it. */
export class ModelCall {
  readonly #encoder = new TextEncoder();
  readonly #body = new TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>();
  readonly #writer = this.#body.writable.getWriter();
  readonly #left = Promise.withResolvers<number>();
  readonly #begun = Promise.withResolvers<void>();
  #ended = false;
  /** UTF-8 bytes that were taken off our hands. */
  sent = 0;

  /** @param messages as they came @param signal aborted when the caller leaves */
  constructor(readonly messages: readonly ModelMessage[], signal: AbortSignal) {
    signal.addEventListener("abort", () => this.#leave(), { once: true });
    this.#writer.closed.catch(() => this.#leave());
  }

  /** What the user said last. */
  get prompt(): string {
    return String(this.messages.findLast(({ role }) => role === "user")?.content);
  }

  /** When the caller was seen to have left before the end, on the monotonic clock. */
  get left(): Promise<number> {
    return this.#left.promise;
  }

  /** Neither ended nor left. */
  get isOpen(): boolean {
    return !this.#ended;
  }

  /** Says something. Resolves when it is taken, or nobody is there any more. */
  async say(content: string): Promise<void> {
    await this.#write(chatChunk({ content }));
  }

  /** Asks for tools, and ends. */
  async ask(...calls: readonly AskedCall[]): Promise<void> {
    const tool_calls = calls.map(({ id, name, arguments: text }, index) => ({
      index,
      id,
      type: "function",
      function: { name, arguments: text },
    }));
    await this.#write(chatChunk({ tool_calls }));
    await this.end("tool_calls");
  }

  /** Ends the answer as a whole one. */
  async end(finishReason = "stop"): Promise<void> {
    if (this.#ended) return;
    this.#begun.resolve();
    this.#ended = true;
    const usage = { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 };
    const last = `${chatChunk({}, finishReason)}${chatChunk(null, null, usage)}data: [DONE]\n\n`;
    await this.#writer.write(this.#encoder.encode(last)).then(() => this.#writer.close(), () => {});
  }

  /** The answer, once it has begun. */
  async response(): Promise<Response> {
    await this.#begun.promise;
    return new Response(this.#body.readable, { headers: { "content-type": "text/event-stream" } });
  }

  async #write(text: string): Promise<void> {
    if (this.#ended) return;
    this.#begun.resolve();
    const bytes = this.#encoder.encode(text);
    await this.#writer.write(bytes).then(() => this.sent += bytes.length, () => {});
  }

  #leave(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#begun.resolve();
    this.#left.resolve(performance.now());
    this.#writer.abort().catch(() => {}); // whoever writes has heard of it
  }
}

/**
 * A model that does what the suite tells it, request by request. Prompts that begin with `now` are answered at once, with
 * themselves.
 */
export class ToldUpstream implements AsyncDisposable {
  readonly #server: Deno.HttpServer<Deno.NetAddr>;
  readonly #calls = new Map<string, ModelCall[]>();
  readonly #waiting = new Map<string, () => void>();

  constructor() {
    this.#server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, (it) => this.#serve(it));
  }

  /** The settings that make a gate use it. */
  environment(): Record<string, string> {
    return { LLM_BASE_URL: `http://127.0.0.1:${this.#server.addr.port}/v1`, LLM_MODEL_NAME: "m" };
  }

  /** How many requests of those that were not answered at once are neither ended nor left. */
  get open(): number {
    return this.#all().filter(({ isOpen }) => isOpen).length;
  }

  /** The request with this prompt, once it is here; the n-th of them, from 0. One at a time may wait for a prompt. */
  async called(prompt: string, n = 0): Promise<ModelCall> {
    while (true) {
      const call = this.#calls.get(prompt)?.[n];
      if (call !== undefined) return call;
      await new Promise<void>((resolve) => this.#waiting.set(prompt, resolve));
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#all().map((call) => call.end()));
    await this.#server.shutdown();
  }

  async #serve(request: Request): Promise<Response> {
    if (request.method === "GET") {
      return Response.json({ object: "list", data: [{ id: "m", object: "model", created: 1, owned_by: "e2e" }] });
    }
    const { messages } = await request.json();
    const call = new ModelCall(messages, request.signal);
    const response = call.response();
    if (call.prompt.startsWith("now")) {
      call.say(call.prompt).then(() => call.end());
      return await response;
    }
    this.#calls.set(call.prompt, [...this.#calls.get(call.prompt) ?? [], call]);
    this.#waiting.get(call.prompt)?.();
    return await response;
  }

  #all(): readonly ModelCall[] {
    return [...this.#calls.values()].flat();
  }
}
