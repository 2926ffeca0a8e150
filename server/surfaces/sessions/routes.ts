import { keyOrLogin, noStore, type Routes } from "../../http/mod.ts";
import { chat } from "./chat.ts";
import { createSession } from "./create_session.ts";
import type { SessionOptions } from "./options.ts";
import { setLlm } from "./set_llm.ts";
import { giveTicket } from "./ws_ticket.ts";

/** The longest body that says how a model is asked, or which session is meant, in bytes. */
const SHORT_BODY = 256 * 1024;
/** The longest body with tools, in bytes: their definitions may be 256 KiB, and written with escapes and spaces. */
const TOOLS_BODY = 2 * 1024 * 1024;

/** The routes of sessions. */
export function sessionRoutes(options: SessionOptions): Routes {
  const upTo = (most: number) => ({ ...options, maxBodyBytes: Math.min(options.maxBodyBytes, most) });
  return {
    surface: "sessions",
    paths: {
      "/set-llm": { POST: keyOrLogin(setLlm(upTo(SHORT_BODY))) },
      "/chat": { POST: noStore(keyOrLogin(chat(options))) },
      "/create_session": { POST: keyOrLogin(createSession(upTo(TOOLS_BODY))) },
      "/ws-ticket": { POST: keyOrLogin(giveTicket(upTo(SHORT_BODY))) },
    },
  };
}
