import { type Content, RefusedError } from "../../conversations/mod.ts";
import { type Handler, isId, readJson, unknown } from "../../http/mod.ts";
import type { SessionOptions } from "./options.ts";

/** `POST /chat`: says something in a session and waits for the whole reply. */
export function chat({ conversations: { turns }, maxBodyBytes }: SessionOptions): Handler {
  return async ({ req, env }) => {
    const { newMessage } = await import("./schemas.ts");
    const body = await readJson(req.raw, newMessage, { maxBytes: maxBodyBytes, what: "send this message" });
    if (!isId(body.session_id)) throw unknown("session");
    const turn = await turns.begin({
      who: env.who,
      sessionId: body.session_id,
      content: body.message,
      grace: null,
      signal: env.signal,
      headers: env.headers,
      startedAt: env.startedAt,
      log: env.log,
    });
    env.told = true;
    const { message, usage, headers, failure } = await turn.ended;
    if (failure instanceof RefusedError) {
      const { status, headers, body } = failure.refused;
      return new Response(body, { status, headers });
    }
    if (failure !== null) throw failure;
    // A turn without a failure has stored its reply.
    if (message === null) throw new TypeError("a turn ended with neither a reply nor a failure");
    return Response.json({
      session_id: turn.sessionId,
      message_id: message.id,
      response: textOf(message.content),
      usage: usage?.usage ?? null,
    }, { headers: { ...headers, ...turn.headers } });
  };
}

/** A reply's text. */
function textOf(content: Content): string {
  if (typeof content === "string") return content;
  return content.map(({ text }) => typeof text === "string" ? text : "").join("");
}
