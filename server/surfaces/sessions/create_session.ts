import { readTools } from "../../conversations/mod.ts";
import { type Handler, readJson } from "../../http/mod.ts";
import type { SessionOptions } from "./options.ts";

/** `POST /create_session`: makes a session whose WebSocket speaks JSON-RPC. No body means `{}`. */
export function createSession({ conversations: { library }, maxBodyBytes }: SessionOptions): Handler {
  return async ({ req, env: { who } }) => {
    const { newSession } = await import("./schemas.ts");
    const what = "create this session";
    const body = await readJson(req.raw, newSession, { maxBytes: maxBodyBytes, what, isOptional: true });
    const tools = body.tools === undefined || body.tools === null ? [] : readTools(body.tools, "tools");
    const { id } = await library.create(who.userId, { protocol: "rpc", tools });
    return Response.json({ session_id: id }, { status: 201 });
  };
}
