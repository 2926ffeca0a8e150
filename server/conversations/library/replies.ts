import type { Content, Message, Said, ToolResult } from "../message.ts";

/** What every message has, and what it holds where nothing is said of it. */
const BARE = {
  toolCalls: [],
  toolCallId: null,
  status: "complete",
  finishReason: null,
  historyFrom: null,
  model: null,
  bill: null,
  chunks: null,
  metadata: null,
} as const;

/** What the user says. @param createdAt milliseconds since the epoch */
export function userMessage(
  id: string,
  { content, metadata }: { readonly content: Content; readonly metadata: Message["metadata"] },
  createdAt: number,
): Message {
  return { ...BARE, id, role: "user", content, metadata, createdAt };
}

/** What the model has said. @param chunks as {@linkcode Message.chunks} */
export function replyMessage(id: string, said: Said, createdAt: number, chunks: number | null = null): Message {
  const { text: content, toolCalls, status, finishReason, historyFrom, model, bill } = said;
  return {
    ...BARE,
    id,
    role: "assistant",
    content,
    toolCalls,
    status,
    finishReason,
    historyFrom,
    model,
    bill,
    chunks,
    createdAt,
  };
}

/** What is left of a reply whose process has died. */
export function deadReply(id: string, text: string, model: string | null, createdAt: number): Message {
  return { ...BARE, id, role: "assistant", content: text, status: "failed", model, createdAt };
}

/** What a tool gave. */
export function toolMessage(id: string, { toolCallId, content }: ToolResult, createdAt: number): Message {
  return { ...BARE, id, role: "tool", content, toolCallId, createdAt };
}
