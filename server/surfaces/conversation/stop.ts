import { type Handler, idOf } from "../../http/mod.ts";
import type { ConversationOptions } from "./options.ts";

/** `POST /conversation/session/{id}/stop`: the replies that were stopped, once they are stored. */
export function stopSession({ conversations: { turns } }: ConversationOptions): Handler {
  return async (call) => Response.json({ stopped: await turns.stop(call.env.who.userId, idOf(call, "session")) });
}
