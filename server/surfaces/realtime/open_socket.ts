import type { Who } from "../../accounts/mod.ts";
import type { Protocol } from "../../conversations/mod.ts";
import { GatehouseError } from "../../errors/mod.ts";
import { type Handler, idOf, keyOrLogin, unknown } from "../../http/mod.ts";
import type { OpenProtocol } from "./connection.ts";
import type { RealtimeRoutesOptions } from "./options.ts";
import { rpcProtocol } from "./rpc/mod.ts";
import { textProtocol } from "./text_protocol.ts";

const PROTOCOLS: Readonly<Record<Protocol, OpenProtocol>> = { text: textProtocol, rpc: rpcProtocol };

/** `GET /ws/{id}`: opens the WebSocket of a session to its owner, by login, by key, or by the session's own ticket. */
export function openSocket(options: RealtimeRoutesOptions): Handler {
  const { conversations: { library }, sockets, tickets, open } = options;
  const accept: Handler = async (call) => {
    const { who, headers, log } = call.env;
    const opened = await library.open(who.userId, idOf(call, "session"));
    if (opened === null) throw unknown("session");
    const { session } = opened;
    const whoNow = async () => await tickets.renew(who, open) ?? gone(who);
    return sockets.accept(
      call,
      (socket) => PROTOCOLS[session.protocol]({ socket, session, who: whoNow, headers, log }, options),
    );
  };
  const byKeyOrLogin = keyOrLogin(accept);
  return (call) => {
    const { who } = call.env;
    if (who.via !== "ticket") return byKeyOrLogin(call);
    if (who.ticketFor === call.req.param("id")) return accept(call);
    throw new GatehouseError(
      "invalid_ticket",
      "Cannot open the WebSocket: the ticket is for another session, and is spent now; ask for one at POST /ws-ticket",
    );
  };
}

/** @throws {GatehouseError} `invalid_api_key`, `invalid_token` */
function gone({ keyId }: Who): never {
  if (keyId !== null) {
    throw new GatehouseError(
      "invalid_api_key",
      "Cannot go on: the API key that opened this connection expired, was revoked, or its user may not pass any more",
    );
  }
  throw new GatehouseError(
    "invalid_token",
    "Cannot go on: the login that opened this connection has ended, or its user may not pass any more; log in again",
  );
}
