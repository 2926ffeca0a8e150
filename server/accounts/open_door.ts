import type { ServerSettings } from "../settings/mod.ts";
import { createDoor, type Door, isOpen } from "./door.ts";
import type { Accounts } from "./open_accounts.ts";
import { cookieVerifier, keyVerifier, ticketVerifier, tokenVerifier } from "./verifiers.ts";

/** The door of a server: its rules, and the verifiers behind it; a company's own identity provider would be one more. */
export function openDoor(server: ServerSettings, { keys, tokens, users, tickets }: Accounts): Door {
  const rules = {
    auth: server.auth,
    bind: server.host,
    allowedHosts: server.allowedHosts,
    corsOrigins: server.corsOrigins,
    registration: server.registration,
  };
  return createDoor(rules, [
    keyVerifier({ keys, users, open: isOpen(rules) }),
    tokenVerifier({ tokens, users }),
    ticketVerifier(tickets, isOpen(rules)),
    cookieVerifier({ tokens, users, publicOrigin: server.publicUrl?.origin ?? null }),
  ]);
}
