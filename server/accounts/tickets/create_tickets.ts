import { createHash } from "node:crypto";
import type { Clock } from "../../effects/mod.ts";
import { GatehouseError } from "../../errors/mod.ts";
import { Secret } from "../../secrets/mod.ts";
import type { RandomBytes, Store } from "../../storage/mod.ts";
import type { Who } from "../who.ts";
import type { Tickets } from "./tickets.ts";

/** What {@linkcode createTickets} needs. */
export interface CreateTicketsOptions {
  /** Where tickets wait for their use. */
  readonly store: Store;
  /** Ages them. */
  readonly clock: Clock;
  /** Unpredictable bytes. @default {crypto.getRandomValues} */
  readonly random?: RandomBytes;
}

/** What the store holds: never the ticket itself, which is known by its hash. */
interface StoredTicket {
  readonly v: 1;
  readonly who: Who;
  readonly expiresAt: number;
}

const EXPIRES_IN = 30;
const SHAPE = /^ght_[\w-]{43}$/;

/** Makes and spends tickets. */
export function createTickets(
  { store, clock, random = (length) => crypto.getRandomValues(new Uint8Array(length)) }: CreateTicketsOptions,
): Tickets {
  return {
    expiresIn: EXPIRES_IN,
    async issue(who, sessionId) {
      const ticket = new Secret(`ght_${random(32).toBase64({ alphabet: "base64url", omitPadding: true })}`);
      const stored: StoredTicket = {
        v: 1,
        who: { ...who, via: "ticket", ticketFor: sessionId },
        expiresAt: clock.now() + EXPIRES_IN * 1000,
      };
      await store.commit({ puts: [{ key: keyOf(ticket), value: stored, expireIn: EXPIRES_IN * 1000 }] });
      return ticket;
    },
    async redeem(shown) {
      if (!SHAPE.test(shown.reveal())) throw refused();
      const key = keyOf(shown);
      const entry = await store.get<StoredTicket>(key);
      if (entry === null || entry.value.v !== 1 || entry.value.expiresAt <= clock.now()) throw refused();
      // Of several that show it at once, the one whose deletion finds it unchanged has it.
      if (await store.commit({ checks: [{ key, version: entry.version }], deletes: [key] }) === null) throw refused();
      return entry.value.who;
    },
  };
}

function keyOf(ticket: Secret): Deno.KvKey {
  return ["ticket", createHash("sha256").update(ticket.reveal()).digest("base64url")];
}

function refused(): GatehouseError {
  return new GatehouseError(
    "invalid_ticket",
    "Cannot open the WebSocket: the ticket is unknown, was used before, or is too old; ask for a new one at POST /ws-ticket",
  );
}
