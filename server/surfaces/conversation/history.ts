import { type Handler, pageAnswer, pageOf } from "../../http/mod.ts";
import { messageBody } from "./message_body.ts";
import type { ConversationOptions } from "./options.ts";
import { sessionOf } from "./sessions.ts";

/** `GET /conversation/session/{id}/history`: the latest page, oldest first within it; the cursor goes back. */
export function showHistory(options: ConversationOptions): Handler {
  const { library } = options.conversations;
  return async (call) => {
    const page = pageOf(new URL(call.req.raw.url).searchParams);
    return pageAnswer(await library.history(await sessionOf(call, options), page), messageBody);
  };
}
