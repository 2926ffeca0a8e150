import type { ToolCall } from "../upstream/mod.ts";
import type { Bill } from "../usage/mod.ts";

/** One part of a message in OpenAI's shape (`text`, `image_url`, …). */
export interface ContentPart {
  /** What kind of part it is. */
  readonly type: string;
  /** What the kind prescribes. */
  readonly [field: string]: unknown;
}

/** What a message says: text, or OpenAI's content parts. */
export type Content = string | readonly ContentPart[];

/** How a message ended: whole, stopped by the user (or the user left), or cut off by a failure. */
export type MessageStatus = "complete" | "stopped" | "failed";

/** One message of a conversation. */
export interface Message {
  /** A ULID; the messages of a session come in the order of their ids. */
  readonly id: string;
  /** Who says it; `tool` is the result of a call. */
  readonly role: "user" | "assistant" | "tool";
  /** What it says. */
  readonly content: Content;
  /** The calls that the model asks for, with it or instead of text. */
  readonly toolCalls: readonly ToolCall[];
  /** The call that a tool's message answers; null on all others. */
  readonly toolCallId: string | null;
  /** How it ended. */
  readonly status: MessageStatus;
  /** The model's own word for why it ended; null: it gave none, or it is no reply. */
  readonly finishReason: string | null;
  /** On a reply: the first message that was sent upstream, if older ones were cut off; else null. */
  readonly historyFrom: string | null;
  /** On a reply: the model that was asked. */
  readonly model: string | null;
  /** On a reply: what it took; null: it is no reply, or the server died under it. */
  readonly bill: Bill | null;
  /**
   * On the last reply of a turn: in how many chunks its text came to those who read it live, all rounds together; null:
   * it is no such reply, or nobody knows (the server died under it).
   *
   * @default null
   */
  readonly chunks?: number | null;
  /** The client's own. */
  readonly metadata: Readonly<Record<string, unknown>> | null;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
}

/** What a model has said in one round, before it is a message. */
export interface Said {
  /** Its text; a refusal is text too. */
  readonly text: string;
  /** The calls it asks for. */
  readonly toolCalls: readonly ToolCall[];
  /** How it ended. */
  readonly status: MessageStatus;
  /** The model's own word for why it ended. */
  readonly finishReason: string | null;
  /** The name that the upstream answered under, else the one that was asked for. */
  readonly model: string;
  /** What it took; null: nothing was asked. */
  readonly bill: Bill | null;
  /** The first message that was sent upstream, if older ones were cut off. */
  readonly historyFrom: string | null;
}

/** What the user's program gives back for one tool call. */
export interface ToolResult {
  /** The call's id. */
  readonly toolCallId: string;
  /** For the model to read: text as it is, all else as JSON. */
  readonly content: string;
}
