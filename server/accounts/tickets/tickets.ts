import type { Secret } from "../../secrets/mod.ts";
import type { Who } from "../who.ts";

/** Tickets for WebSockets of pages, which cannot send a header. */
export interface Tickets {
  /** How long a ticket is good for, in seconds. */
  readonly expiresIn: number;
  /** Makes a ticket with which `who` may open `sessionId` once. */
  issue(who: Who, sessionId: string): Promise<Secret>;
  /**
   * Spends a ticket, across processes too, and judges anew whose it is: by the user, the key and the login as they are
   * now, not as they were when it was made.
   *
   * @param open whether the server is open: tickets of the implicit user `local` are good as long as that user is
   * @throws {GatehouseError} `invalid_ticket`: unknown, spent, too old, or whoever asked for it may not pass any more
   */
  redeem(shown: Secret, open: boolean): Promise<Who>;
  /**
   * Judges anew somebody who was let in some time ago, and whose connection goes on: by the user, the key and the login
   * as they are now.
   *
   * @returns null: they may not pass any more
   */
  renew(who: Who, open: boolean): Promise<Who | null>;
}
