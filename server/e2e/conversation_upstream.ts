import { type Script, scriptOf, wordsOf } from "./conversation_script.ts";
import { chatChunk } from "./metered_answer.ts";
import { eventually } from "./wait.ts";

/** A message as it comes upstream. */
export interface AskedMessage {
  readonly role: string;
  readonly content?: string | null;
  readonly tool_calls?: readonly { readonly id: string }[];
  readonly tool_call_id?: string;
}

/** A call of a tool that the model asks for. */
export interface AskedTool {
  readonly id: string;
  readonly name: string;
  readonly arguments: string;
}

/** One request, and its answer, which has headers from the first word on. Times are `performance.now()`. */
export class Asked {
  /** What the user said last. */
  readonly prompt: string;
  readonly stream: ReadableStream<Uint8Array<ArrayBuffer>>;
  state: "open" | "done" | "aborted" = "open";
  endedAt = NaN;
  /** What was said, in the model's own words. */
  text = "";
  readonly #begun = Promise.withResolvers<void>();
  readonly #ended = Promise.withResolvers<void>();
  readonly #said: { readonly at: number; readonly length: number }[] = [];
  #timer: ReturnType<typeof setInterval> | undefined;
  #controller: ReadableStreamDefaultController<Uint8Array<ArrayBuffer>> | null = null;

  constructor(readonly messages: readonly AskedMessage[]) {
    this.prompt = messages.findLast(({ role }) => role === "user")?.content ?? "";
    this.stream = new ReadableStream({
      start: (controller) => void (this.#controller = controller),
      cancel: () => this.end("aborted"),
    });
  }

  /** Resolves with the first word, or the end. */
  get begun(): Promise<void> {
    return this.#begun.promise;
  }

  get ended(): Promise<void> {
    return this.#ended.promise;
  }

  say(...pieces: readonly string[]): void {
    for (const content of pieces) {
      if (this.state !== "open") return;
      this.text += content;
      this.#send(chatChunk({ content }));
      this.#said.push({ at: performance.now(), length: this.text.length });
    }
  }

  /** Ends the answer as it should. @param calls what the model asks for; none: it is its last word */
  finish(calls: readonly AskedTool[] = []): void {
    if (this.state !== "open") return;
    for (const [index, { id, name, arguments: text }] of calls.entries()) {
      this.#send(chatChunk({ tool_calls: [{ index, id, type: "function", function: { name, arguments: text } }] }));
    }
    const completion_tokens = this.text.length;
    const usage = { prompt_tokens: 7, completion_tokens, total_tokens: 7 + completion_tokens };
    this.#send(chatChunk({}, calls.length === 0 ? "stop" : "tool_calls") + chatChunk(null, null, usage));
    this.#send("data: [DONE]\n\n");
    this.end("done");
    this.#controller?.close();
  }

  /** Says all of a script's round by itself. */
  play(script: Script): void {
    const isFirst = this.messages.at(-1)?.role === "user";
    const words = wordsOf(script, isFirst ? 0 : 1);
    const calls = script.tools && isFirst ? toolsOf(script) : [];
    const next = () => {
      const word = words.shift();
      if (word !== undefined) this.say(word);
      if (words.length === 0) this.finish(calls);
    };
    if (script.everyMs === 0) { while (this.state === "open") next(); }
    else this.#timer = setInterval(next, script.everyMs);
  }

  end(state: "done" | "aborted"): void {
    if (this.state !== "open") return;
    this.state = state;
    this.endedAt = performance.now();
    clearInterval(this.#timer);
    this.#begun.resolve();
    this.#ended.resolve();
  }

  /** What had been said by then. */
  textUntil(at: number): string {
    return this.text.slice(0, this.#said.findLast((said) => said.at <= at)?.length ?? 0);
  }

  /** When so much had been said. */
  whenSaid(length: number): number {
    return this.#said.find((said) => said.length > length)?.at ?? Infinity;
  }

  #send(text: string): void {
    this.#controller?.enqueue(new TextEncoder().encode(text));
    this.#begun.resolve();
  }
}

/** The calls that a script with tools asks for. */
export function toolsOf({ tag }: Script): readonly AskedTool[] {
  return ["a", "b"].map((name) => ({ id: `${tag}-${name}`, name: "look", arguments: JSON.stringify({ at: name }) }));
}

/**
 * A strict model for conversations: it answers as the script says that its prompt is, or says what the test has it say. A
 * history in which a call has no result, or a result no call, it refuses, as OpenAI's does.
 */
export class ConversationModel implements AsyncDisposable {
  readonly #server: Deno.HttpServer<Deno.NetAddr>;
  readonly #requests: Asked[] = [];
  /** What was wrong with the requests that it refused. */
  readonly faults: string[] = [];

  constructor() {
    this.#server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, (it) => this.#serve(it));
  }

  /** The settings that make a gate use it. */
  environment(): Record<string, string> {
    return { LLM_BASE_URL: `http://127.0.0.1:${this.#server.addr.port}/v1`, LLM_MODEL_NAME: "m" };
  }

  /** All requests whose last prompt this was, in order. */
  requests(prompt: string): readonly Asked[] {
    return this.#requests.filter((asked) => asked.prompt === prompt);
  }

  /** Waits for the n-th request with this prompt. */
  async asked(prompt: string, n = 0): Promise<Asked> {
    return await eventually(() => Promise.resolve(this.requests(prompt)[n]), `the model to be asked ${prompt}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const asked of this.#requests) asked.finish();
    await this.#server.shutdown();
  }

  async #serve(request: Request): Promise<Response> {
    if (request.method === "GET") {
      return Response.json({ object: "list", data: [{ id: "m", object: "model", created: 1, owned_by: "e2e" }] });
    }
    const { messages }: { readonly messages: readonly AskedMessage[] } = await request.json();
    const fault = faultIn(messages);
    if (fault !== null) {
      this.faults.push(fault);
      return Response.json({ error: { message: fault, type: "invalid_request_error" } }, { status: 400 });
    }
    const asked = new Asked(messages);
    request.signal.addEventListener("abort", () => asked.end("aborted"), { once: true });
    this.#requests.push(asked);
    const script = scriptOf(asked.prompt);
    if (script !== null) asked.play(script);
    await asked.begun;
    return new Response(asked.stream, { headers: { "content-type": "text/event-stream" } });
  }
}

/** Null: each call has its result, and each result its call. */
function faultIn(messages: readonly AskedMessage[]): string | null {
  const open = new Set<string>();
  for (const { role, tool_calls = [], tool_call_id = "" } of messages) {
    if (role === "tool") {
      if (!open.delete(tool_call_id)) return `a result for the unknown call ${tool_call_id}`;
    } else if (open.size > 0) return `a message of ${role} before the results of ${[...open]}`;
    for (const { id } of tool_calls) open.add(id);
  }
  return open.size > 0 ? `no results of ${[...open]}` : null;
}
