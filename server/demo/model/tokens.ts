import type { ChatRequest, Message } from "./chat_request.ts";

const BYTES_A_TOKEN = 4;
const IMAGE_TOKENS = 256;
const encoder = new TextEncoder();

/** The demo's tokenizer: four bytes of UTF-8 are a token. */
export function countTokens(text: string): number {
  return Math.ceil(encoder.encode(text).length / BYTES_A_TOKEN);
}

/** The longest beginning of `text` that is at most `tokens` tokens long, no character split. */
export function firstTokens(text: string, tokens: number): string {
  if (text.length * 3 <= tokens * BYTES_A_TOKEN) return text;
  const room = new Uint8Array(tokens * BYTES_A_TOKEN);
  return text.slice(0, encoder.encodeInto(text, room).read);
}

/** What a prompt counts: its text, its tools, and a fixed sum for each image or other part. */
export function countPrompt(request: ChatRequest): number {
  let tokens = request.tools ? countTokens(JSON.stringify(request.tools)) : 0;
  for (const message of request.messages) tokens += countMessage(message);
  return tokens;
}

function countMessage(message: Message): number {
  const calls = message.role === "assistant" && message.tool_calls ? JSON.stringify(message.tool_calls) : "";
  const parts = Array.isArray(message.content) ? message.content : [];
  const others = parts.filter((part) => part.type !== "text").length;
  return countTokens(textOf(message) + calls) + others * IMAGE_TOKENS;
}

/** The text of a message, its text parts joined. */
export function textOf(message: Message): string {
  if (typeof message.content === "string") return message.content;
  if (!message.content) return "";
  return message.content.flatMap((part) => typeof part.text === "string" ? [part.text] : []).join("\n");
}
