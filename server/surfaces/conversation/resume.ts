import type { Joined, TurnEvent } from "../../conversations/mod.ts";
import { GatehouseError } from "../../errors/mod.ts";
import { type Exchange, type Handler, idOf, sseResponse } from "../../http/mod.ts";
import { eventFrames } from "./event_frames.ts";
import { textOf } from "./message_body.ts";
import type { ConversationOptions } from "./options.ts";

/** `GET /conversation/session/{id}/stream`: a reply goes on where its client lost it. */
export function resumeStream({ conversations: { turns }, clock }: ConversationOptions): Handler {
  return async (call) => {
    const { who, headers, signal, log } = call.env;
    const sessionId = idOf(call, "session");
    const last = lastEventOf(headers);
    const joined = await turns.join(who.userId, sessionId, last);
    switch (joined.kind) {
      case "none":
        return new Response(null, { status: 204 });
      case "live": {
        const { turn } = joined;
        const after = last?.replyId === turn.replyId ? last.n : -1;
        return sseResponse(eventFrames(() => turn.events(after, signal), turn), { clock, signal });
      }
      case "elsewhere": {
        const { replyId } = joined;
        const events = () => storedEvents(joined, sessionId, { signal, log });
        return sseResponse(eventFrames(events, { sessionId, replyId }), { clock, signal });
      }
    }
  };
}

/** The event that the client names as its last; null: it names none. */
function lastEventOf(headers: Exchange["headers"]): { readonly replyId: string; readonly n: number } | null {
  const value = headers.find(([name]) => name === "last-event-id")?.[1] ?? "";
  if (value === "") return null;
  const [, replyId, n] = /^([0-9A-Za-z]{1,26}):(\d{1,15})$/.exec(value) ?? [];
  if (replyId !== undefined && n !== undefined) return { replyId, n: Number(n) };
  throw new GatehouseError(
    "invalid_field",
    "Cannot resume this stream: `last-event-id` is wrong: expected the id of the last event, or none",
    { param: "last-event-id" },
  );
}

/**
 * A reply that another process gives: all of it at once, when it is stored. The pieces that were seen are not known here,
 * so it begins again with its `session` event and counts from 0, whatever was the last: a client that meets a second
 * `session` event replaces what it has.
 */
async function* storedEvents(
  { messageId, reply }: Extract<Joined, { kind: "elsewhere" }>,
  sessionId: string,
  { signal, log }: Pick<Exchange, "signal" | "log">,
): AsyncGenerator<TurnEvent, void, undefined> {
  let n = 0;
  try {
    const message = await reply(signal);
    const text = textOf(message.content);
    yield { n: n++, type: "session", sessionId, messageId };
    if (text !== "") yield { n: n++, type: "chunk", text };
    yield { n, type: "done", message };
  } catch (thrown) {
    signal.throwIfAborted();
    const error = thrown instanceof Error ? thrown : new TypeError(`a ${typeof thrown} was thrown`);
    if (!(error instanceof GatehouseError)) log.error("a fault while answering", { error });
    yield { n, type: "error", error };
  }
}
