import { createHash } from "node:crypto";
import type { Clock } from "../../effects/mod.ts";
import { GatehouseError } from "../../errors/mod.ts";
import { Secret } from "../../secrets/mod.ts";
import type { RandomBytes, Store } from "../../storage/mod.ts";
import { judgeTicket, type TicketRooms } from "./judge_ticket.ts";
import { isTicketRecord, ticketRecord } from "./ticket_record.ts";
import type { Tickets } from "./tickets.ts";

/** What {@linkcode createTickets} needs. */
export interface CreateTicketsOptions extends TicketRooms {
  /** Where tickets wait for their use. */
  readonly store: Store;
  /** Ages them. */
  readonly clock: Clock;
  /** Unpredictable bytes. @default {crypto.getRandomValues} */
  readonly random?: RandomBytes;
}

const EXPIRES_IN = 30;
const SHAPE = /^ght_[\w-]{43}$/;

/** Makes and spends tickets. */
export function createTickets(
  { store, clock, random = (length) => crypto.getRandomValues(new Uint8Array(length)), ...rooms }: CreateTicketsOptions,
): Tickets {
  return {
    expiresIn: EXPIRES_IN,
    async issue(who, sessionId) {
      const ticket = new Secret(`ght_${random(32).toBase64({ alphabet: "base64url", omitPadding: true })}`);
      const value = ticketRecord(who, sessionId, clock.now() + EXPIRES_IN * 1000);
      await store.commit({ puts: [{ key: keyOf(ticket), value, expireIn: EXPIRES_IN * 1000 }] });
      return ticket;
    },
    async redeem(shown, open) {
      if (!SHAPE.test(shown.reveal())) throw refused();
      const key = keyOf(shown);
      const entry = await store.get(key);
      if (entry === null || !isTicketRecord(entry.value) || entry.value.expiresAt <= clock.now()) throw refused();
      // Of several that show it at once, the one whose deletion finds it unchanged has it.
      if (await store.commit({ checks: [{ key, version: entry.version }], deletes: [key] }) === null) throw refused();
      const who = await judgeTicket(rooms, entry.value, open);
      if (who === null) throw refused();
      return { ...who, via: "ticket", ticketFor: entry.value.sessionId };
    },
    async renew(who, open) {
      const now = await judgeTicket(rooms, ticketRecord(who, "", 0), open);
      return now === null ? null : { ...now, via: who.via, ticketFor: who.ticketFor };
    },
  };
}

function keyOf(ticket: Secret): Deno.KvKey {
  return ["ticket", createHash("sha256").update(ticket.reveal()).digest("base64url")];
}

function refused(): GatehouseError {
  return new GatehouseError(
    "invalid_ticket",
    "Cannot open the WebSocket: the ticket is unknown, was used before, is too old, or its user may not pass any more; ask for a new one at POST /ws-ticket",
  );
}
