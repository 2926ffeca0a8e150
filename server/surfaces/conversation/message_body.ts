import type { Content, Message, MessageStatus } from "../../conversations/mod.ts";
import type { ToolCall } from "../../upstream/mod.ts";
import type { Bill } from "../../usage/mod.ts";

/** What only replies have; null where it is not known. */
interface ReplyFields {
  readonly finish_reason: string | null;
  readonly history_from: string | null;
  readonly model: string | null;
  readonly usage: Bill["usage"] | null;
  readonly cost: Bill["cost"];
}

/** A tool call in OpenAI's shape. */
interface ToolCallBody {
  readonly id: string;
  readonly type: "function";
  readonly function: { readonly name: string; readonly arguments: string };
}

/** A message as it is shown. */
export interface MessageBody extends Partial<ReplyFields> {
  readonly message_id: string;
  readonly role: Message["role"];
  readonly content: Content;
  readonly tool_calls?: readonly ToolCallBody[];
  readonly tool_call_id?: string;
  readonly status: MessageStatus;
  readonly metadata?: Readonly<Record<string, unknown>>;
  readonly created_at: string;
}

/** A message as it is shown. */
export function messageBody(message: Message): MessageBody {
  const { toolCalls, toolCallId, metadata } = message;
  return {
    message_id: message.id,
    role: message.role,
    content: message.content,
    ...(toolCalls.length === 0 ? {} : { tool_calls: toolCalls.map(toolCallBody) }),
    ...(toolCallId === null ? {} : { tool_call_id: toolCallId }),
    status: message.status,
    ...(message.role === "assistant" ? replyFields(message) : {}),
    ...(metadata === null ? {} : { metadata }),
    created_at: new Date(message.createdAt).toISOString(),
  };
}

function replyFields({ finishReason, historyFrom, model, bill }: Message): ReplyFields {
  return {
    finish_reason: finishReason,
    history_from: historyFrom,
    model,
    usage: bill?.usage ?? null,
    cost: bill?.cost ?? null,
  };
}

function toolCallBody({ id, name, arguments: text }: ToolCall): ToolCallBody {
  return { id, type: "function", function: { name, arguments: text } };
}

/** How a turn ended, as the client is told it. */
export interface DoneBody extends Omit<ReplyFields, "model"> {
  readonly session_id: string;
  /** The reply's. */
  readonly message_id: string;
  readonly status: MessageStatus;
}

/** How a turn ended, as the client is told it. @param reply as it is stored */
export function doneBody(sessionId: string, reply: Message): DoneBody {
  const { model: _, ...fields } = replyFields(reply);
  return { session_id: sessionId, message_id: reply.id, status: reply.status, ...fields };
}

/** What a message says in words. */
export function textOf(content: Content): string {
  if (typeof content === "string") return content;
  return content.map(({ type, text }) => type === "text" && typeof text === "string" ? text : "").join("");
}
