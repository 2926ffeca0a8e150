import { FakeClock, settle } from "../../effects/fake_clock.ts";
import { openaiChat } from "./openai_chat.ts";
import { type EventRelayOptions, relay } from "./relay.ts";
import type { RelayEnd } from "./relay_options.ts";
import type { Watchdog } from "./watchdog.ts";

const encoder = new TextEncoder();

export const event = (value: unknown) => `data: ${JSON.stringify(value)}\n\n`;
export const text = (content: string) => event({ choices: [{ delta: { content }, finish_reason: null }], usage: null });
export const USAGE = { prompt_tokens: 3, completion_tokens: 4, total_tokens: 7 };
export const FINISH = event({ choices: [{ delta: {}, finish_reason: "stop" }], usage: null });
export const USAGE_ONLY = event({ choices: [], usage: USAGE });
export const DONE = "data: [DONE]\n\n";

/** An upstream's body in a test's hand. */
export class Upstream {
  readonly body: ReadableStream<Uint8Array>;
  cancelled = false;
  pulls = 0;
  readonly #controller: ReadableByteStreamController;

  constructor() {
    const { promise, resolve } = Promise.withResolvers<void>();
    let controller: ReadableByteStreamController | undefined;
    this.body = new ReadableStream({
      type: "bytes",
      start: (given) => void (controller = given),
      pull: () => {
        this.pulls++;
        return promise;
      },
      cancel: () => {
        this.cancelled = true;
        resolve();
      },
    });
    if (controller === undefined) throw new TypeError("start() came too late");
    this.#controller = controller;
  }

  send(chunk: string | Uint8Array): void {
    this.#controller.enqueue(typeof chunk === "string" ? encoder.encode(chunk) : chunk.slice());
  }

  close(): void {
    this.#controller.close();
    this.#controller.byobRequest?.respond(0);
  }

  break(): void {
    this.#controller.error(new TypeError("connection reset"));
  }
}

/** A watchdog that barks when the test says so. */
export class ManualWatchdog implements Watchdog {
  readonly limits: { silence: number; total: number }[] = [];
  touches = 0;
  running = 0;
  timeout: (which: "silence" | "total") => void = () => {};
  idle: () => void = () => {};

  watch(
    limits: { silence: number; total: number },
    onTimeout: (which: "silence" | "total") => void,
    onIdle: () => void = () => {},
  ) {
    this.limits.push(limits);
    this.running++;
    const end = () => {
      if (this.idle === onIdle) this.running = 0;
    };
    this.timeout = (which) => {
      end();
      onTimeout(which);
    };
    this.idle = onIdle;
    return { touch: () => void this.touches++, stop: end };
  }
}

/** A client that reads when the test says so. */
export class Client {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly #decoder = new TextDecoder();

  constructor(stream: ReadableStream<Uint8Array>) {
    this.#reader = stream.getReader();
  }

  /** The next chunk as text; null at the end. */
  async next(): Promise<string | null> {
    const { done, value } = await this.#reader.read();
    return done ? null : this.#decoder.decode(value, { stream: true });
  }

  async rest(): Promise<string> {
    let whole = "";
    for (let chunk = await this.next(); chunk !== null; chunk = await this.next()) whole += chunk;
    return whole;
  }

  async leave(): Promise<void> {
    await this.#reader.cancel();
  }
}

/** A relay between an upstream and a client in the test's hand. */
export function begin(options: Partial<EventRelayOptions> = {}, upstream = new Upstream()) {
  const clock = new FakeClock();
  const watchdog = new ManualWatchdog();
  const ends: RelayEnd[] = [];
  const stream = relay(upstream.body, {
    dialect: openaiChat,
    passUsage: false,
    clock,
    watchdog,
    limits: { silence: 120_000, total: 0, every: 15_000 },
    onEnd: (end) => ends.push(end),
    ...options,
  });
  return { upstream, clock, watchdog, ends, client: new Client(stream), settle };
}

/** The code of the in-band error that `output` ends with; null if it ends otherwise. */
export function errorCodeAtEnd(output: string): string | null {
  const last = output.split("\n\n").at(-2) ?? "";
  if (!last.startsWith('data: {"error"')) return null;
  return JSON.parse(last.slice(6)).error.code;
}
