import { GatehouseError } from "../../errors/mod.ts";
import { type Handler, readJson, sseResponse } from "../../http/mod.ts";
import { eventFrames } from "./event_frames.ts";
import { failureAnswer } from "./failure.ts";
import { doneBody, textOf } from "./message_body.ts";
import type { ConversationOptions } from "./options.ts";
import { turnRequest } from "./turn_request.ts";

/** `POST /conversation`: a message and its reply, as events or at once. */
export function converse({ conversations: { turns }, clock, maxBodyBytes }: ConversationOptions): Handler {
  return async ({ req, env }) => {
    // Loaded when it is first needed: zod would make every start slower.
    const { turnSchema } = await import("./schemas.ts");
    const body = await readJson(req.raw, turnSchema, { maxBytes: maxBodyBytes, what: "send this message" });
    const { signal } = env;
    const turn = await turns.begin(turnRequest(body, env));
    env.told = true;
    if (body.stream ?? true) {
      return sseResponse(eventFrames(() => turn.events(-1, signal), turn), { clock, signal, headers: turn.headers });
    }
    const { message, headers, failure } = await turn.ended;
    // Nobody is there to be told how it ended.
    signal.throwIfAborted();
    if (failure !== null) return failureAnswer(failure);
    if (message === null) throw new GatehouseError("internal_error", "Cannot show the reply: it is not there");
    const answer = { ...doneBody(turn.sessionId, message), response: textOf(message.content) };
    return Response.json(answer, { headers: { ...headers, ...turn.headers } });
  };
}
