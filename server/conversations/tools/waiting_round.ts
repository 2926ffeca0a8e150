import type { Clock, Timer } from "../../effects/mod.ts";
import { GatehouseError } from "../../errors/mod.ts";
import type { ToolCall } from "../../upstream/mod.ts";
import type { ToolResult } from "../message.ts";
import type { GivenResult } from "./tool_desk.ts";

/** What a round waits by. */
export interface WaitingOptions {
  readonly clock: Clock;
  /** The longest time without a result, in milliseconds. */
  readonly patience: number;
  /** Ends the waiting. */
  readonly signal: AbortSignal;
  /** Called at the end, whichever it is. */
  readonly onEnd: () => void;
}

/** The calls of one round, until each has its result, or nobody waits any more. */
export class WaitingRound {
  /** In the order of the calls. */
  readonly results: Promise<readonly ToolResult[]>;
  readonly #calls: readonly ToolCall[];
  readonly #options: WaitingOptions;
  readonly #open: Set<string>;
  readonly #contents = new Map<string, string>();
  readonly #resolve: (results: readonly ToolResult[]) => void;
  readonly #reject: (reason: unknown) => void;
  #timer: Timer | null = null;

  constructor(calls: readonly ToolCall[], options: WaitingOptions) {
    this.#calls = calls;
    this.#options = options;
    this.#open = new Set(calls.map(({ id }) => id));
    const { promise, resolve, reject } = Promise.withResolvers<readonly ToolResult[]>();
    this.results = promise;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  begin(): void {
    const { signal } = this.#options;
    if (signal.aborted) return this.#onAbort();
    if (this.#open.size === 0) return this.#finish();
    signal.addEventListener("abort", this.#onAbort, { once: true });
    this.#restart();
  }

  /** Takes what answers an open call. @returns how many that were */
  give(results: readonly GivenResult[]): number {
    let taken = 0;
    for (const result of results) {
      if (!this.#open.delete(result.toolCallId)) continue;
      this.#contents.set(result.toolCallId, contentOf(result));
      taken++;
    }
    if (taken === 0) return 0;
    if (this.#open.size === 0) this.#finish();
    else this.#restart();
    return taken;
  }

  readonly #onAbort = (): void => {
    this.#end();
    this.#reject(this.#options.signal.reason);
  };

  #finish(): void {
    this.#end();
    this.#resolve(this.#calls.map(({ id }) => ({ toolCallId: id, content: this.#contents.get(id) ?? "" })));
  }

  #restart(): void {
    const { clock, patience } = this.#options;
    if (this.#timer !== null) clock.clearTimeout(this.#timer);
    this.#timer = clock.setTimeout(() => {
      this.#end();
      this.#reject(missing(this.#open.size, patience));
    }, patience);
  }

  #end(): void {
    const { clock, signal, onEnd } = this.#options;
    if (this.#timer !== null) clock.clearTimeout(this.#timer);
    signal.removeEventListener("abort", this.#onAbort);
    onEnd();
  }
}

/** For the model to read: text as it is, all else as JSON, a failure behind the word `Error`. */
function contentOf(given: GivenResult): string {
  if ("errorMessage" in given) return `Error: ${given.errorMessage}`;
  if (typeof given.result === "string") return given.result;
  try {
    return JSON.stringify(given.result) ?? "null";
  } catch {
    // Parsing follows any depth, printing not always. The model can go on without this one.
    return "Error: the result is nested too deeply";
  }
}

function missing(count: number, patience: number): GatehouseError {
  const calls = count === 1 ? "1 tool call has" : `${count} tool calls have`;
  return new GatehouseError(
    "tool_results_missing",
    `Cannot go on with this task: ${calls} no result, and none came for ${
      patience / 1000
    } s; answer every call, with ` +
      "an error if need be",
  );
}
