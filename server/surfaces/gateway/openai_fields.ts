import type { GatewayChat } from "./chat_schema.ts";

type Fields = Readonly<Record<string, unknown>>;

/** The request in OpenAI's dialect, but for the model and how it is sent. Absent fields stay absent. */
export function openaiFields(chat: GatewayChat): Fields {
  const { temperature, max_tokens, tools, tool_choice } = chat;
  return {
    messages: chat.messages.map(openaiMessage),
    ...(isGiven(temperature) ? { temperature } : {}),
    ...(isGiven(max_tokens) ? { max_tokens } : {}),
    // Upstreams refuse an empty list, which asks for nothing.
    ...(isGiven(tools) && tools.length > 0 ? { tools: tools.map(openaiTool) } : {}),
    ...(isGiven(tool_choice) ? { tool_choice } : {}),
  };
}

/** A message as it came; tool calls in our own shape, sent back as part of the history, become OpenAI's. */
function openaiMessage(message: Fields): Fields {
  const { tool_calls } = message;
  return Array.isArray(tool_calls) ? { ...message, tool_calls: tool_calls.map(openaiToolCall) } : message;
}

function openaiToolCall(call: unknown): unknown {
  if (!isFields(call) || typeof call.name !== "string" || isGiven(call.function)) return call;
  const { id, name, arguments: given } = call;
  return { id, type: "function", function: { name, arguments: argumentsText(given) } };
}

/** What `toolArguments()` made of the text, undone. */
function argumentsText(given: unknown): string {
  if (typeof given === "string") return given;
  if (isFields(given) && typeof given._raw === "string" && Object.keys(given).length === 1) return given._raw;
  return JSON.stringify(given ?? {});
}

/** A tool as it came; a bare function becomes OpenAI's tool. */
function openaiTool(tool: Fields): Fields {
  return typeof tool.name === "string" && !isGiven(tool.type) && !isGiven(tool.function)
    ? { type: "function", function: tool }
    : tool;
}

function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isGiven<T>(value: T | null | undefined): value is T {
  return value !== null && value !== undefined;
}
