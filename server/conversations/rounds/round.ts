import { Buffer } from "node:buffer";
import { GatehouseError } from "../../errors/mod.ts";
import { type ModelEvent, type ToolCall, ToolCalls } from "../../upstream/mod.ts";
import type { Bill } from "../../usage/mod.ts";
import type { MessageStatus, Said } from "../message.ts";
import { uniqueIds } from "./unique_ids.ts";

/** The longest reply, in bytes of UTF-8, the arguments of its calls included. */
const MAX_REPLY = 16 * 1024 * 1024;
/** The longest name of a model, in UTF-16 units: it stands in the session's record. */
const MAX_NAME = 200;
/** As many calls may be asked for at once. */
const MAX_CALLS = 128;

/** One round: what the model has said in it so far. */
export class Round {
  /** The first message that was sent upstream, if older ones were cut off. */
  historyFrom: string | null = null;
  /** Null: it was not let through yet, or it has not ended. */
  bill: Bill | null = null;
  readonly #upstream: string;
  readonly #onText: (text: string) => void;
  readonly #pieces = new ToolCalls();
  #model: string;
  #text = "";
  #finishReason: string | null = null;
  #bytes = 0;

  constructor({ model, upstream, onText }: {
    /** The one that is asked for. */
    readonly model: string;
    /** The upstream's name, for messages. */
    readonly upstream: string;
    readonly onText: (text: string) => void;
  }) {
    this.#model = model;
    this.#upstream = upstream;
    this.#onText = onText;
  }

  /** Takes what the model says; only its first choice counts. @throws {GatehouseError} `upstream_failed`: it is too much */
  take(event: ModelEvent): void {
    switch (event.type) {
      case "start":
        this.#model = event.model?.slice(0, MAX_NAME) ?? this.#model;
        break;
      case "text":
      case "refusal":
        if (event.choice !== 0) break;
        this.#count(event.text);
        this.#text += event.text;
        this.#onText(event.text);
        break;
      case "tool_call_delta":
        if (event.choice !== 0) break;
        if (event.index >= MAX_CALLS) throw tooMuch(this.#upstream, `it asks for more than ${MAX_CALLS} tool calls`);
        this.#count(event.arguments);
        this.#pieces.add(event);
        break;
      case "finish":
        if (event.choice === 0) this.#finishReason = event.reason;
        break;
      case "reasoning":
      case "usage":
      case "other":
      // Thrown by whoever gives the events.
      case "error":
        break;
    }
  }

  /** The calls that it asks for, once it has ended. @param taken the ids of the task's calls so far; these are added */
  calls(taken: Set<string>): readonly ToolCall[] {
    return uniqueIds(this.#pieces.list(), taken);
  }

  /** What it said. @param toolCalls of a round that ended as it should: of another, they may be cut off anywhere */
  said(status: MessageStatus, toolCalls: readonly ToolCall[] = []): Said {
    return {
      text: this.#text,
      toolCalls,
      status,
      finishReason: this.#finishReason,
      model: this.#model,
      bill: this.bill,
      historyFrom: this.historyFrom,
    };
  }

  #count(text: string): void {
    this.#bytes += Buffer.byteLength(text);
    if (this.#bytes > MAX_REPLY) throw tooMuch(this.#upstream, "it is longer than 16 MiB");
  }
}

function tooMuch(upstream: string, what: string): GatehouseError {
  return new GatehouseError(
    "upstream_failed",
    `Cannot go on with the answer of upstream ${upstream}: ${what}; ask for less`,
  );
}
