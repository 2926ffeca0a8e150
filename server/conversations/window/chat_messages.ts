import type { ToolCall } from "../../upstream/mod.ts";
import type { Content, Message } from "../message.ts";
import { toolCallUpstream } from "../tools/tools_upstream.ts";
import type { ChatMessage } from "./window.ts";

/** A stored message as it goes upstream. */
export interface Sent {
  /** The stored message's id. */
  readonly id: string;
  /** What goes upstream. */
  readonly message: ChatMessage;
}

/** Messages that go upstream together or not at all: one message, or a reply with calls and all their results. */
export interface Group {
  /** Oldest first; empty: what was read says nothing to a model. */
  readonly sent: readonly Sent[];
  /** A turn begins here. */
  readonly isTurnStart: boolean;
}

/**
 * Stored messages in OpenAI's chat dialect, oldest first, made fit for any upstream:
 *
 * - a reply's calls go only if each has its result among the messages right behind it; else the reply goes without them,
 *   and the results stay out, as do all that answer no call or one that has its result;
 * - a reply that then says nothing stays out; one that was stopped or failed goes as it stands;
 * - a user's messages go in any case.
 *
 * A turn whose calls have all been answered is changed in nothing but arguments that are no JSON. Pure.
 */
export function toChatMessages(messages: readonly Message[]): readonly Sent[] {
  const reader = new GroupReader();
  return messages.toReversed().flatMap((message) => reader.read(message)?.sent.toReversed() ?? []).toReversed();
}

/** The same from the last message to the first, a group at a time, read as it is asked for. */
export async function* groupsBackwards(messages: AsyncIterable<Message>): AsyncGenerator<Group> {
  const reader = new GroupReader();
  for await (const message of messages) {
    const group = reader.read(message);
    if (group !== null) yield group;
  }
}

/** The system prompt in OpenAI's chat dialect. Pure. */
export function systemMessage(prompt: string): ChatMessage {
  return { role: "system", content: prompt };
}

/** A user's message in OpenAI's chat dialect. Pure. */
export function userMessage(content: Content): ChatMessage {
  return { role: "user", content };
}

/** A reply in OpenAI's chat dialect; one that only calls has the content null. Pure. */
export function assistantMessage(content: Content, calls: readonly ToolCall[]): ChatMessage {
  if (calls.length === 0) return { role: "assistant", content };
  return {
    role: "assistant",
    content: saysNothing(content) ? null : content,
    tool_calls: calls.map(toolCallUpstream),
  };
}

/** A tool's result in OpenAI's chat dialect. Pure. */
export function toolMessage(toolCallId: string, content: Content): ChatMessage {
  return { role: "tool", tool_call_id: toolCallId, content };
}

/** Puts groups together, from the last message to the first. */
class GroupReader {
  /** The tools' messages since the last one of another role, last first. */
  #results: Message[] = [];

  /** Null: it belongs to a group that is not whole yet. */
  read(message: Message): Group | null {
    if (message.role === "tool") {
      this.#results.push(message);
      return null;
    }
    const results = this.#results.reverse();
    this.#results = [];
    return message.role === "user"
      ? { sent: [{ id: message.id, message: userMessage(message.content) }], isTurnStart: true }
      : { sent: reply(message, results), isTurnStart: false };
  }
}

function reply({ id, content, toolCalls }: Message, results: readonly Message[]): readonly Sent[] {
  const answers = answersTo(toolCalls, results);
  if (answers.length === 0) return saysNothing(content) ? [] : [{ id, message: assistantMessage(content, []) }];
  return [{ id, message: assistantMessage(content, toolCalls) }, ...answers];
}

/** One result for each call, in their own order; none, if one is missing. */
function answersTo(calls: readonly ToolCall[], results: readonly Message[]): readonly Sent[] {
  const open = calls.map((call) => call.id);
  const answers: Sent[] = [];
  for (const { id, toolCallId, content } of results) {
    const at = toolCallId === null ? -1 : open.indexOf(toolCallId);
    if (toolCallId === null || at === -1) continue;
    open.splice(at, 1);
    answers.push({ id, message: toolMessage(toolCallId, content) });
  }
  return open.length === 0 ? answers : [];
}

function saysNothing(content: Content): boolean {
  if (typeof content === "string") return content.trim() === "";
  return content.every((part) => part.type === "text" && typeof part.text === "string" && part.text.trim() === "");
}
