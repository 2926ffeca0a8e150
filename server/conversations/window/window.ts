import type { Message } from "../message.ts";
import type { ToolDefinition } from "../session.ts";

/** A message in OpenAI's chat dialect, as it goes upstream. */
export type ChatMessage = Readonly<Record<string, unknown>>;

/** What has to fit into the model's window. */
export interface WindowWish {
  /** Decides how tokens are counted. */
  readonly model: string;
  /** The whole window, in tokens. */
  readonly contextTokens: number;
  /** Kept free for the reply, in tokens. */
  readonly reserve: number;
  /** Always in; null: none. */
  readonly systemPrompt: string | null;
  /** Always in. */
  readonly tools: readonly ToolDefinition[];
  /** What was said before, from the last message to the first; read only as far as it fits. */
  readonly before: AsyncIterable<Message>;
  /** The newest turn, oldest message first: always in. */
  readonly newest: readonly Message[];
}

/** What goes upstream. */
export interface Window {
  /** System prompt, history, the newest turn. */
  readonly messages: readonly ChatMessage[];
  /** The first message that is in, if older ones were cut off; null: nothing was cut. */
  readonly historyFrom: string | null;
}
