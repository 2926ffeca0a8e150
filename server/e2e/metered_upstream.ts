import { chatChunk, chatCompletion, type ChatUsage } from "./metered_answer.ts";

/** Milliseconds from one chunk of a steady stream to the next. */
export const STEADY_MS = 20;
/** UTF-8 bytes of what a token is made of where nobody counts. */
export const BYTES_PER_TOKEN = 4;
/** One token. */
const WORD = "abc ";

/** What was sent at some time. */
interface Sent {
  /** Milliseconds since the epoch, with fractions. */
  readonly at: number;
  readonly tokens: number;
  /** The first word of the prompt. */
  readonly prompt: string;
}

/**
 * A model that keeps the books that the gate's are held against. It answers with exactly as many tokens as it is allowed,
 * once it is told to; to prompts that begin with `steady` it streams without an end, and never says its usage.
 */
export class MeteredUpstream implements AsyncDisposable {
  readonly #server: Deno.HttpServer<Deno.NetAddr>;
  #released = Promise.withResolvers<void>();
  readonly #sent: Sent[] = [];
  /** Requests that have come. */
  arrived = 0;
  /** The sums of the usage that it said. */
  readonly said = { requests: 0, prompt: 0, completion: 0 };

  constructor() {
    this.#released.resolve();
    this.#server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, (it) => this.#serve(it));
  }

  /** The settings that make a gate use it. */
  environment(): Record<string, string> {
    return { LLM_BASE_URL: `http://127.0.0.1:${this.#server.addr.port}/v1` };
  }

  /** From now on nobody is answered. @returns answers all who wait, and whoever comes */
  hold(): () => void {
    this.#released = Promise.withResolvers();
    return this.#released.resolve;
  }

  /** The tokens of steady streams of a prompt, itself included, that were sent until then. */
  sentUntil(at: number, prompt: string): number {
    return this.#sent.reduce((sum, sent) => sent.prompt === prompt && sent.at <= at ? sum + sent.tokens : sum, 0);
  }

  /** When the steady streams of a prompt had so many tokens; milliseconds since the epoch. */
  whenSent(tokens: number, prompt: string): number {
    let sum = 0;
    for (const sent of this.#sent) {
      if (sent.prompt !== prompt) continue;
      sum += sent.tokens;
      if (sum >= tokens) return sent.at;
    }
    return Infinity;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#released.resolve();
    await this.#server.shutdown();
  }

  async #serve(request: Request): Promise<Response> {
    if (request.method === "GET") {
      return Response.json({ object: "list", data: [{ id: "m", object: "model", created: 1, owned_by: "e2e" }] });
    }
    const body = await request.json();
    const text = String(body.messages[0].content);
    const prompt = Math.ceil(new TextEncoder().encode(text).length / BYTES_PER_TOKEN);
    if (text.startsWith("steady")) return this.#steady(text.split(" ", 1)[0] ?? "", prompt);
    this.arrived++;
    await this.#released.promise;
    const completion = Number(body.max_tokens);
    const usage = { prompt_tokens: prompt, completion_tokens: completion, total_tokens: prompt + completion };
    this.said.requests++;
    this.said.prompt += prompt;
    this.said.completion += completion;
    return body.stream === true ? streamed(usage) : chatCompletion(WORD.repeat(completion), usage);
  }

  #steady(prompt: string, promptTokens: number): Response {
    const note = (tokens: number) =>
      this.#sent.push({ at: performance.timeOrigin + performance.now(), tokens, prompt });
    const encoder = new TextEncoder();
    let timer: ReturnType<typeof setInterval> | undefined;
    note(promptTokens);
    const body = new ReadableStream<Uint8Array>({
      start(controller) {
        timer = setInterval(() => {
          controller.enqueue(encoder.encode(chatChunk({ content: WORD })));
          note(1);
        }, STEADY_MS);
      },
      cancel: () => clearInterval(timer),
    });
    return new Response(body, { headers: { "content-type": "text/event-stream" } });
  }
}

function streamed(usage: ChatUsage): Response {
  const words = chatChunk({ role: "assistant", content: WORD.repeat(usage.completion_tokens) });
  const text = `${words}${chatChunk({}, "stop")}${chatChunk(null, null, usage)}data: [DONE]\n\n`;
  return new Response(text, { headers: { "content-type": "text/event-stream" } });
}
