import type { Store } from "../../storage/mod.ts";
import type { Bill } from "../../usage/mod.ts";
import type { ToolCall } from "../../upstream/mod.ts";
import type { Content, Message, MessageStatus } from "../message.ts";
import { fromJsonBytes, toJsonBytes } from "./json_bytes.ts";
import { type Body, bodyOf, readBody } from "./long_value.ts";
import { fieldsOf, isCount, numberOrNull, textOrNull } from "./stored_fields.ts";

/** A message's own record. The message is there when this is, and all of it. */
export interface MessageHead {
  readonly id: string;
  /** How many messages come before it. */
  readonly place: number;
  /** What it says, and all the rest, as JSON. */
  readonly body: Body;
}

/** What lies in the store. */
export function headValue(place: number, body: Body): unknown {
  return { v: 1, place, body };
}

/** Null: not a record that this version can read. */
export function headOf(id: string, value: unknown): MessageHead | null {
  const fields = fieldsOf(value);
  const body = bodyOf(fields?.body);
  return fields?.v === 1 && isCount(fields.place) && body !== null ? { id, place: fields.place, body } : null;
}

/** A message without its id, which is in the key. */
export function messageBytes({ id: _, ...rest }: Message): Uint8Array<ArrayBuffer> {
  return toJsonBytes(rest);
}

/** The message of a record; null: it cannot be read, or is being erased. */
export async function readMessage(store: Store, sessionId: string, head: MessageHead): Promise<Message | null> {
  const bytes = await readBody(store, sessionId, head);
  return bytes === null ? null : messageOf(head.id, fromJsonBytes(bytes));
}

const ROLES: readonly unknown[] = ["user", "assistant", "tool"] satisfies Message["role"][];
const STATUSES: readonly unknown[] = ["complete", "stopped", "failed"] satisfies MessageStatus[];

function messageOf(id: string, value: unknown): Message | null {
  const fields = fieldsOf(value);
  if (fields === null || !ROLES.includes(fields.role)) return null;
  const { role, content, toolCalls, status, bill, metadata } = fields;
  if (typeof content !== "string" && !Array.isArray(content)) return null;
  // What is cast here was written by this room, from the same types.
  return {
    id,
    role: role as Message["role"],
    content: content as Content,
    toolCalls: Array.isArray(toolCalls) ? toolCalls as ToolCall[] : [],
    toolCallId: textOrNull(fields.toolCallId),
    status: STATUSES.includes(status) ? status as MessageStatus : "failed",
    finishReason: textOrNull(fields.finishReason),
    historyFrom: textOrNull(fields.historyFrom),
    model: textOrNull(fields.model),
    bill: fieldsOf(bill) === null ? null : bill as Bill,
    chunks: isCount(fields.chunks) ? fields.chunks : null,
    metadata: fieldsOf(metadata),
    createdAt: numberOrNull(fields.createdAt) ?? 0,
  };
}
