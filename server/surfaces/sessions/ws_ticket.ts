import { type Handler, isId, readJson, unknown } from "../../http/mod.ts";
import type { SessionOptions } from "./options.ts";

/** `POST /ws-ticket`: opens the WebSocket of one session once, within half a minute. */
export function giveTicket({ conversations: { library }, tickets, maxBodyBytes }: SessionOptions): Handler {
  return async ({ req, env: { who } }) => {
    const { ticketWish } = await import("./schemas.ts");
    const { session_id } = await readJson(req.raw, ticketWish, { maxBytes: maxBodyBytes, what: "give a ticket" });
    if (!isId(session_id) || await library.open(who.userId, session_id) === null) throw unknown("session");
    const ticket = await tickets.issue(who, session_id);
    return Response.json({ ticket: ticket.reveal(), expires_in: tickets.expiresIn }, {
      status: 201,
      headers: { "cache-control": "no-store" },
    });
  };
}
