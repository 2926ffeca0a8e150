import { keyOrLogin, type Routes } from "../../http/mod.ts";
import { chat } from "./chat.ts";
import { createSession } from "./create_session.ts";
import type { SessionOptions } from "./options.ts";
import { setLlm } from "./set_llm.ts";
import { giveTicket } from "./ws_ticket.ts";

/** The routes of sessions. */
export function sessionRoutes(options: SessionOptions): Routes {
  return {
    surface: "sessions",
    paths: {
      "/set-llm": { POST: keyOrLogin(setLlm(options)) },
      "/chat": { POST: keyOrLogin(chat(options)) },
      "/create_session": { POST: keyOrLogin(createSession(options)) },
      "/ws-ticket": { POST: keyOrLogin(giveTicket(options)) },
    },
  };
}
