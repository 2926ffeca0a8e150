import type { Secret } from "../../secrets/mod.ts";
import type { Who } from "../who.ts";

/** Tickets for WebSockets of pages, which cannot send a header. */
export interface Tickets {
  /** How long a ticket is good for, in seconds. */
  readonly expiresIn: number;
  /** Makes a ticket with which `who` may open `sessionId` once. */
  issue(who: Who, sessionId: string): Promise<Secret>;
  /** Spends a ticket, across processes too. @throws {GatehouseError} `invalid_ticket`: unknown, spent or too old */
  redeem(shown: Secret): Promise<Who>;
}
