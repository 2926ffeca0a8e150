import { assert, assertEquals, assertGreaterOrEqual } from "@std/assert";
import { type Conversing, type ShownMessage, textIn } from "./conversation_client.ts";
import type { Told } from "./conversation_kinds.ts";
import { promptOf, quick, textOf } from "./conversation_script.ts";
import type { ConversationModel } from "./conversation_upstream.ts";

/**
 * What a reply has said is kept every second; a write takes a moment, and a busy machine may pause it: the figures are
 * reported.
 */
const KEPT_MS = 1_000;
const WRITE_MS = 1_500;

/** What became of a turn. */
export interface Finding {
  readonly sessionId: string | null;
  /** How its reply stands. */
  readonly reply: "absent" | "complete" | "failed";
  /** How much older than the kill what is stored of a failed reply is; milliseconds. Null: of none. */
  readonly lost: number | null;
  /** The session's messages, as they are from now on. */
  readonly history: readonly ShownMessage[];
}

/** What a turn is read and gone on with. */
interface Readings {
  /** Of the server that was started after the kill. */
  readonly client: Conversing;
  readonly model: ConversationModel;
  /** Whether the user tries the same again, which replaces what failed, or says something more. */
  readonly retries: boolean;
}

/** Holds what is stored of a turn against what its client was told and what the model was asked, and goes on in its session. */
export async function audit(
  told: Told,
  at: Readings & {
    /** `performance.now()` */
    readonly killedAt: number;
    /** Where the turn was found; null: nowhere. */
    readonly sessionId: string | null;
  },
): Promise<Finding> {
  const { client, model, killedAt, sessionId } = at;
  const asked = model.requests(told.prompt);
  if (sessionId === null) {
    assertEquals([told.sessionId, told.messageId, asked.length], [null, null, 0], "nobody was told of it");
    return { sessionId, reply: "absent", lost: null, history: [] };
  }
  if (told.sessionId !== null) assertEquals(sessionId, told.sessionId);
  const stored = await client.history(sessionId);
  const [user, ...said] = stored;
  if (user === undefined) {
    assertEquals([told.messageId, asked.length], [null, 0], "the user's message is stored before the model is asked");
    return { sessionId, reply: "absent", lost: null, history: await goOn(told, stored, { ...at, sessionId }) };
  }
  assertEquals([user.role, user.status, user.content], ["user", "complete", told.prompt]);
  if (told.messageId !== null) assertEquals(user.message_id, told.messageId);

  const round = assertRounds(told, said, asked.length);
  const reply = said.at(-1);
  assert(reply !== undefined);
  const request = asked[round];
  let lost: number | null = null;
  if (reply.status === "complete") assertEquals(reply.content, textOf(told.script, round));
  else {
    assertEquals([reply.status, told.done], ["failed", null]);
    assert((request?.text ?? "").startsWith(reply.content), "what is stored of a reply is what was said");
    const atLeast = request?.textUntil(killedAt - KEPT_MS - WRITE_MS).length ?? 0;
    assertGreaterOrEqual(reply.content.length, atLeast, "what was said until a second ago is stored");
    lost = Math.max(0, killedAt - (request?.whenSaid(reply.content.length) ?? killedAt));
  }
  if (told.done !== null) {
    const { messageId, status, text } = told.done;
    if (messageId !== null) assertEquals(reply.message_id, messageId);
    assertEquals([reply.status, reply.content], [status, text], "what done told");
  }
  const streamed = said.map(({ role, content }) => role === "assistant" ? content : "").join("");
  if (told.done !== null && told.text !== "") assertEquals(told.text, streamed, "what was streamed");
  if (told.lastEventId !== null) await assertResumes({ ...told, last: told.lastEventId }, reply, { client, sessionId });

  const history = await goOn(told, stored, { ...at, sessionId });
  return { sessionId, reply: reply.status === "complete" ? "complete" : "failed", lost, history };
}

/** @returns the round that the last reply belongs to */
function assertRounds(told: Told, said: readonly ShownMessage[], requests: number): number {
  const [first, ...rest] = said;
  const calls = first?.tool_calls ?? [];
  if (calls.length === 0) {
    assertEquals(said.map(({ role }) => role), ["assistant"]);
    assertEquals([told.calls, told.answered], [[], false], "a round is stored before its calls are sent");
    return 0;
  }
  assertEquals([first?.role, first?.status, first?.content], ["assistant", "complete", textOf(told.script)]);
  for (const id of told.calls) assert(calls.some((call) => call.id === id), `the call ${id} is stored`);
  const results = rest.filter(({ role }) => role === "tool");
  assertEquals(
    rest.map(({ role, tool_call_id }) => tool_call_id ?? role),
    results.length === 0 ? ["assistant"] : [...calls.map(({ id }) => id), "assistant"],
  );
  for (const { content, tool_call_id } of results) assertEquals(content, tool_call_id);
  if (requests > 1) assertEquals(results.length, 2, "results are stored before the model is asked again");
  return 1;
}

/** Whoever was cut off gets the reply anew, as it is stored, or its end alone if nothing else is missing; whoever has that gets nothing. */
async function assertResumes(
  { last, text, done }: Pick<Told, "text" | "done"> & { readonly last: string },
  reply: ShownMessage,
  { client, sessionId }: { readonly client: Conversing; readonly sessionId: string },
): Promise<void> {
  if (done !== null) {
    const answer = await client.join(sessionId, last);
    await answer.body?.cancel();
    assertEquals(answer.status, 204, "nothing is missing");
    return;
  }
  await using stream = await client.resume(sessionId, last);
  const events = await stream.rest();
  assertEquals(events[0]?.event === "session" ? textIn(events) : text + textIn(events), reply.content);
  const { event, data } = events.at(-1) ?? {};
  assertEquals([event, data?.message_id, data?.status], ["done", reply.message_id, reply.status]);
}

/** A new turn, which succeeds at once. @returns the session's messages after it */
async function goOn(
  { script, prompt }: Told,
  stored: readonly ShownMessage[],
  { client, model, retries, sessionId }: Readings & { readonly sessionId: string },
): Promise<readonly ShownMessage[]> {
  const again = quick(`${script.tag}-again`);
  const message = promptOf(again);
  const [first] = stored;
  const replaced = retries ? first?.message_id : undefined;
  const answer = await client.whole({
    message,
    session_id: sessionId,
    ...(replaced === undefined ? {} : { replace_from: replaced }),
  });
  assertEquals([answer.status, answer.response], ["complete", textOf(again)]);
  const [asked] = model.requests(message);
  const prompts = asked?.messages.flatMap(({ role, content }) => role === "user" ? content : []);
  assertEquals(prompts, first === undefined || replaced !== undefined ? [message] : [prompt, message]);
  const kept = replaced === undefined ? stored : [];
  const history = await client.history(sessionId);
  assertEquals(history.slice(0, kept.length), kept);
  assertEquals(history.slice(kept.length).map(({ content }) => content), [message, textOf(again)]);
  return history;
}
