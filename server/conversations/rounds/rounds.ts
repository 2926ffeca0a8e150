import type { EventCall } from "../../inference/mod.ts";
import type { ToolCall } from "../../upstream/mod.ts";
import type { Said, ToolResult } from "../message.ts";
import type { ToolDefinition } from "../session.ts";
import type { Window } from "../window/window.ts";

/** Where the messages of a task come from and go to: the store, or memory. */
export interface Script {
  /** What goes upstream in the next round; asked before each. @throws the signal's reason */
  window(signal: AbortSignal): Promise<Window>;
  /** The model asks for tools: kept before anybody hears of it. */
  said(said: Said): Promise<void>;
  /** What the tools gave: kept before the model goes on. */
  answered(results: readonly ToolResult[]): Promise<void>;
}

/** One task: a model answers, calls tools, and goes on until it is done. */
export interface Task {
  /** How the model is asked; what is sent comes from the script, and each round is one call. */
  readonly call: Omit<EventCall, "body" | "stream" | "onBill">;
  /** The fields of the request beside those that are written here (`OWN_FIELDS`). */
  readonly fields: Readonly<Record<string, unknown>>;
  /** What the model may call. */
  readonly tools: readonly ToolDefinition[];
  /** Its messages. */
  readonly script: Script;
  /** Told of every piece of text, as it comes. */
  readonly onText: (text: string) => void;
  /**
   * Lets the user's program make the calls of a round, all at once; null: nobody can, and a reply that asks for tools is
   * the last.
   *
   * @returns one result for each call
   * @throws what ends the task
   */
  readonly callTools: ((calls: readonly ToolCall[], signal: AbortSignal) => Promise<readonly ToolResult[]>) | null;
}

/** How a task ended. */
export interface Outcome {
  /**
   * The last round, as far as it got; its calls only where it is complete. The rounds before were handed to the script: a
   * task that ends while tools are called, or before the model goes on, has an empty last round.
   */
  readonly said: Said;
  /** All rounds together, as clients are told. */
  readonly usage: Said["bill"];
  /**
   * What crosses from the upstream with the last round's answer, `content-type` left out; empty where none came. A refusal
   * has its own.
   *
   * @default {}
   */
  readonly headers?: Readonly<Record<string, string>>;
  /** Why it failed; null: it did not. A refusal of the upstream is a {@linkcode RefusedError}. */
  readonly failure: Error | null;
}
