import { type Handler, idOf, readJson, unknown } from "../../http/mod.ts";
import type { AccountOptions } from "./options.ts";

/** `POST /credential/login`: begins a login to the upstream by device code. @see RFC 8628 §3.2 */
export function beginLogin({ logins, maxBodyBytes }: AccountOptions): Handler {
  return async ({ req, env }) => {
    if (req.raw.body !== null && req.raw.headers.get("content-length") !== "0") {
      const { nothing } = await import("./schemas.ts");
      await readJson(req.raw, nothing, { maxBytes: maxBodyBytes, what: "begin a login" });
    }
    const { id, prompt } = await logins.start(env.signal, env.who.userId);
    const complete = prompt.verificationUriComplete;
    return Response.json({
      login_id: id,
      user_code: prompt.userCode,
      verification_uri: prompt.verificationUri,
      ...(complete === null ? {} : { verification_uri_complete: complete }),
      expires_in: prompt.expiresIn,
      interval: prompt.interval,
    }, { status: 201 });
  };
}

/** `GET /credential/login/{id}`. */
export function showLogin({ logins }: AccountOptions): Handler {
  return async (call) => {
    const state = await logins.state(idOf(call, "login"));
    if (state === null) throw unknown("login");
    return Response.json({ state });
  };
}

/** `DELETE /credential/login/{id}`: from then on it stores nothing. */
export function cancelLogin({ logins }: AccountOptions): Handler {
  return async (call) => {
    if (!await logins.cancel(idOf(call, "login"))) throw unknown("login");
    return new Response(null, { status: 204 });
  };
}
