/** How a session's model is asked; what is null follows the defaults (`LLM_MODEL_NAME`, `LLM_SYSTEM_PROMPT`, …). */
export interface ModelSettings {
  /** By its name in the model list. */
  readonly model: string | null;
  /** 0 to 2. */
  readonly temperature: number | null;
  /** The longest reply, in tokens. */
  readonly maxTokens: number | null;
  /** 0 to 1. */
  readonly topP: number | null;
  /** Said to the model before every history. */
  readonly systemPrompt: string | null;
}

/** Everything follows the defaults. */
export const NO_SETTINGS: ModelSettings = {
  model: null,
  temperature: null,
  maxTokens: null,
  topP: null,
  systemPrompt: null,
};

/** What a session's WebSocket speaks: plain text frames, or JSON-RPC 2.0. */
export type Protocol = "text" | "rpc";

/** A conversation as its list shows it. */
export interface Session {
  /** A ULID. */
  readonly id: string;
  /** Whose it is; nobody else sees it. */
  readonly userId: string;
  /** Given by the user, or made from the first exchange; null: neither yet. */
  readonly name: string | null;
  /** What its WebSocket speaks. */
  readonly protocol: Protocol;
  /** How its model is asked. */
  readonly settings: ModelSettings;
  /** The model that answered last; null: none has. */
  readonly lastModel: string | null;
  /** How many messages its history holds. */
  readonly messageCount: number;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
  /** Of the last message or change, in milliseconds since the epoch. */
  readonly updatedAt: number;
}

/** What a session begins with. */
export interface NewSession {
  /** As {@linkcode Session.name}. @default null */
  readonly name?: string | null;
  /** What its WebSocket speaks. @default "text" */
  readonly protocol?: Protocol;
  /** How its model is asked. @default {all follow the defaults} */
  readonly settings?: Partial<ModelSettings>;
  /** What the model may call where a call names no tools of its own. @default [] */
  readonly tools?: readonly ToolDefinition[];
}

/** What changes of a session; what is absent stays. */
export interface SessionChange {
  /** Null: it is named again from its next exchange. */
  readonly name?: string | null;
  /** Null sets a field back to the default. */
  readonly settings?: Partial<ModelSettings>;
}

/** A function that the model may call. */
export interface ToolDefinition {
  /** 1 to 64 letters, digits, `_` and `-`. */
  readonly name: string;
  /** Tells the model what it is for. */
  readonly description?: string;
  /** JSON Schema of the arguments. */
  readonly parameters?: Readonly<Record<string, unknown>>;
  /** OpenAI's strict mode. */
  readonly strict?: boolean;
}
