import { type Joined, storedNumbers, type TurnEvent } from "../../conversations/mod.ts";
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
    // Events of another reply count for nothing in this one.
    const after = (replyId: string) => last?.replyId === replyId ? last.n : -1;
    switch (joined.kind) {
      case "none":
        return new Response(null, { status: 204 });
      case "live": {
        const { turn } = joined;
        const events = () => turn.events(after(turn.replyId), signal);
        return sseResponse(eventFrames(events, turn), { clock, signal });
      }
      case "elsewhere": {
        const { replyId } = joined;
        const events = () => storedEvents(joined, { sessionId, after: after(replyId), signal, log });
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

/** Where a stored reply is told of, and from which event on. */
interface Telling extends Pick<Exchange, "signal" | "log"> {
  readonly sessionId: string;
  /** The number of the last event that the client has of this reply; -1: it has none. */
  readonly after: number;
}

/**
 * A reply that is not in memory here: all of its text at once, when it is stored, under the number of its last chunk. The
 * pieces are not known any more, so a client that has some and not all is given the reply anew: a `session` event always
 * means that what came before is to be replaced. One that has all of the text gets its end alone.
 */
async function* storedEvents(
  { messageId, reply }: Extract<Joined, { kind: "elsewhere" }>,
  { sessionId, after, signal, log }: Telling,
): AsyncGenerator<TurnEvent, void, undefined> {
  try {
    const message = await reply(signal);
    const { chunk, done } = storedNumbers(message);
    if (after < chunk) {
      yield { n: 0, type: "session", sessionId, messageId };
      const text = textOf(message.content);
      if (text !== "") yield { n: chunk, type: "chunk", text };
    }
    yield { n: done, type: "done", message };
  } catch (thrown) {
    signal.throwIfAborted();
    const error = thrown instanceof Error ? thrown : new TypeError(`a ${typeof thrown} was thrown`);
    if (!(error instanceof GatehouseError)) log.error("a fault while answering", { error });
    // Whoever comes again with this number is given the reply anew.
    yield { n: 0, type: "error", error };
  }
}
