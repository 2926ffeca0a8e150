import type { Session } from "../../conversations/mod.ts";
import { type Call, type Handler, idOf, pageAnswer, pageOf, readJson, unknown } from "../../http/mod.ts";
import type { ConversationOptions } from "./options.ts";
import { sessionBody } from "./session_body.ts";
import { settingsOf } from "./settings_fields.ts";

/** `POST /conversation/session`; a request without a body asks for a session without a name. */
export function createSession({ conversations: { library }, maxBodyBytes }: ConversationOptions): Handler {
  return async ({ req, env }) => {
    const { newSession } = await import("./schemas.ts");
    const what = "create this session";
    const { name = null } = await readJson(req.raw, newSession, { maxBytes: maxBodyBytes, what, isOptional: true });
    return Response.json(sessionBody(await library.create(env.who.userId, { name })), { status: 201 });
  };
}

/** `GET /conversation/sessions/user/{user_id}`, newest first: one's own, administrators' too. `?q=` searches names. */
export function listSessions({ conversations: { library } }: ConversationOptions): Handler {
  return async ({ req, env: { who } }) => {
    const asked = req.param("user_id");
    if (asked !== "me" && asked !== who.userId) throw unknown("user");
    const query = new URL(req.raw.url).searchParams;
    const page = pageOf(query, ["q"]);
    // An empty search field is none.
    return pageAnswer(await library.list(who.userId, page, query.get("q") || null), sessionBody);
  };
}

/** `GET /conversation/session/{id}`. */
export function showSession(options: ConversationOptions): Handler {
  return async (call) => Response.json(sessionBody(await sessionOf(call, options)));
}

/** `PATCH /conversation/session/{id}`. */
export function changeSession({ conversations: { library }, maxBodyBytes }: ConversationOptions): Handler {
  return async (call) => {
    const id = idOf(call, "session");
    const { sessionChange } = await import("./schemas.ts");
    const what = "change this session";
    const { settings, ...rest } = await readJson(call.req.raw, sessionChange, { maxBytes: maxBodyBytes, what });
    const change = settings === undefined ? rest : { ...rest, settings: settingsOf(settings) };
    return Response.json(sessionBody(await library.change(call.env.who.userId, id, change)));
  };
}

/** `DELETE /conversation/session/{id}`: with all that is in it; a reply under way is stopped. */
export function removeSession({ conversations: { turns } }: ConversationOptions): Handler {
  return async (call) => {
    if (!await turns.remove(call.env.who.userId, idOf(call, "session"))) throw unknown("session");
    return new Response(null, { status: 204 });
  };
}

/** The session that the path names, if it is the caller's. @throws {GatehouseError} `not_found` */
export async function sessionOf(call: Call, { conversations: { library } }: ConversationOptions): Promise<Session> {
  const opened = await library.open(call.env.who.userId, idOf(call, "session"));
  if (opened === null) throw unknown("session");
  return opened.session;
}
