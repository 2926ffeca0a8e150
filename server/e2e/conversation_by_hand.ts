import { assert, assertEquals } from "@std/assert";
import { type Conversing, type ReplyEvent, ReplyStream, type ShownMessage } from "./conversation_client.ts";
import type { Asked, ConversationModel } from "./conversation_upstream.ts";
import { eventually } from "./wait.ts";

/** A turn whose reply the test has the model say. */
export interface ByHand {
  readonly stream: ReplyStream;
  readonly asked: Asked;
  readonly sessionId: string;
  /** The user's message. */
  readonly messageId: string;
  readonly replyId: string;
}

/** Begins a turn and reads its first event. @param prompt no other turn of the suite has it */
export async function beginByHand(
  client: Conversing,
  model: ConversationModel,
  prompt: string,
  sessionId?: string,
): Promise<ByHand> {
  const stream = await client.stream({
    message: prompt,
    ...(sessionId === undefined ? {} : { session_id: sessionId }),
  });
  const [first] = await stream.take(1);
  assert(first?.event === "session", JSON.stringify(first));
  const { session_id = "", message_id = "" } = first.data;
  const [replyId = ""] = first.id.split(":");
  return { stream, asked: await model.asked(prompt), sessionId: session_id, messageId: message_id, replyId };
}

/** A session without messages. */
export async function newSession({ api }: Conversing): Promise<string> {
  const { session_id } = await api.json<{ session_id: string }>("POST", "/conversation/session", undefined, 201);
  return session_id;
}

/** The reply at the end of a session, once it is stored. */
export async function replyIn(client: Conversing, sessionId: string, count = 2): Promise<ShownMessage> {
  const isStored = async () => (await client.session(sessionId)).message_count >= count || undefined;
  await eventually(isStored, "the reply to be stored");
  const history = await client.history(sessionId);
  assertEquals(history.length, count);
  const reply = history.at(-1);
  assert(reply?.role === "assistant");
  return reply;
}

/** The events of a reply from the store: it begins anew, and has the last numbers of the live one. @param last the number of `done` */
export function assertStored(events: readonly ReplyEvent[], replyId: string, last: number, status = "complete"): void {
  const { event, data } = events.at(-1) ?? {};
  assertEquals([event, data?.message_id, data?.status], ["done", replyId, status]);
  const numbers = events.length === 2 ? [0, last] : [0, last - 1, last];
  assertEquals(events.map(({ id }) => id), numbers.map((n) => `${replyId}:${n}`));
  assertEquals(events[0]?.event, "session");
}

/** Holds that events are numbered on without a gap or a repeat, and end well. */
export function assertGoesOn(events: readonly ReplyEvent[], replyId: string, from: number, status = "complete"): void {
  assertEquals(events.map(({ id }) => id), events.map((_, n) => `${replyId}:${from + n}`));
  const { event, data } = events.at(-1) ?? {};
  assertEquals([event, data?.message_id, data?.status], ["done", replyId, status]);
}
