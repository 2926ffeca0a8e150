import type { ToolDefinition } from "../session.ts";
import type { ChatMessage } from "./window.ts";

/** What is to be counted of something: tokens that do not depend on the tokenizer, and texts. */
export interface Load {
  /** In tokens. */
  readonly fixed: number;
  /** Each counted by itself. */
  readonly texts: readonly string[];
}

/** What comes with every request: `<|start|>assistant<|message|>`, which the reply goes on from. */
export const PRIMING: Load = { fixed: 3, texts: [] };

/**
 * A message's frame: three tokens, as OpenAI's cookbook counts them ("How to count tokens with tiktoken"), and one for the
 * role's name.
 */
const FRAME = 4;

/** A call's frame: what names it as a call and parts its name from its arguments. */
const CALL_FRAME = 8;

/** An image, a sound, a file, however long its data URL is: what it takes depends on pixels, seconds or pages. */
const BINARY = 1500;
const BINARY_KINDS = ["image_url", "input_image", "image", "input_audio", "audio", "input_file", "file", "video_url"];

/** What a message of OpenAI's chat dialect takes: its frame, its content, its calls, the id of the call it answers. Pure. */
export function loadOf(message: ChatMessage): Load {
  const { content, tool_calls: calls, tool_call_id: id } = message;
  return join([
    { fixed: FRAME, texts: typeof id === "string" ? [id] : [] },
    ...(Array.isArray(content) ? content.map(partLoad) : [textLoad(content)]),
    ...(Array.isArray(calls) ? calls.map(callLoad) : []),
  ]);
}

/** What the definitions of tools take: they are counted as the JSON that is sent. Pure. */
export function toolsLoad(tools: readonly ToolDefinition[]): Load {
  return { fixed: 0, texts: tools.map((tool) => JSON.stringify({ type: "function", function: tool })) };
}

/** Several things together. Pure. */
export function join(loads: readonly Load[]): Load {
  return {
    fixed: loads.reduce((sum, load) => sum + load.fixed, 0),
    texts: loads.flatMap((load) => load.texts),
  };
}

function partLoad(part: unknown): Load {
  if (!isRecord(part)) return textLoad(part);
  const texts = [part.text, part.refusal].filter((text) => typeof text === "string");
  const isBinary = BINARY_KINDS.some((kind) => part.type === kind || Object.hasOwn(part, kind));
  return texts.length > 0 || isBinary ? { fixed: isBinary ? BINARY : 0, texts } : textLoad(part);
}

function callLoad(call: unknown): Load {
  if (!isRecord(call) || !isRecord(call.function)) return textLoad(call);
  return join([
    { fixed: CALL_FRAME, texts: [] },
    ...[call.id, call.function.name, call.function.arguments].map(textLoad),
  ]);
}

/** A text by itself; anything else as JSON. */
function textLoad(value: unknown): Load {
  if (value === null || value === undefined || value === "") return { fixed: 0, texts: [] };
  return { fixed: 0, texts: [typeof value === "string" ? value : JSON.stringify(value)] };
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
