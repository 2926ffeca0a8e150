import { keyOrLogin, noStore, type Routes } from "../../http/mod.ts";
import { converse } from "./converse.ts";
import { exportSession } from "./export/export.ts";
import { showHistory } from "./history.ts";
import type { ConversationOptions } from "./options.ts";
import { resumeStream } from "./resume.ts";
import { changeSession, createSession, listSessions, removeSession, showSession } from "./sessions.ts";
import { stopSession } from "./stop.ts";

/** The longest body that says no more than how a session is called and how its model is asked, in bytes. */
const SHORT_BODY = 256 * 1024;

/** The routes of conversations: for a user by login or by API key, and of what is their own. */
export function conversationRoutes(options: ConversationOptions): Routes {
  const own = (handler: Parameters<typeof keyOrLogin>[0]) => noStore(keyOrLogin(handler));
  const short = { ...options, maxBodyBytes: Math.min(options.maxBodyBytes, SHORT_BODY) };
  return {
    surface: "conversation",
    paths: {
      "/conversation": { POST: own(converse(options)) },
      "/conversation/session": { POST: own(createSession(short)) },
      "/conversation/session/:id": {
        GET: own(showSession(options)),
        PATCH: own(changeSession(short)),
        DELETE: own(removeSession(options)),
      },
      "/conversation/sessions/user/:user_id": { GET: own(listSessions(options)) },
      "/conversation/session/:id/history": { GET: own(showHistory(options)) },
      "/conversation/session/:id/stream": { GET: own(resumeStream(options)) },
      "/conversation/session/:id/stop": { POST: own(stopSession(options)) },
      "/conversation/session/:id/export": { GET: own(exportSession(options)) },
    },
  };
}
