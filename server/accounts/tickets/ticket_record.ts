import { loginOf } from "../tokens/login_who.ts";
import type { TokenClaims } from "../tokens/tokens.ts";
import type { Who } from "../who.ts";

/** What lies in the store for a ticket: what is needed to judge anew who shows it. Never the ticket itself, which is known by its hash. */
export interface TicketRecord {
  /** The form of the record. */
  readonly v: 2;
  readonly userId: string;
  /** The API key that was shown for it; null: none was. */
  readonly keyId: string | null;
  /** The login that was shown for it; null: none was. */
  readonly login: TokenClaims | null;
  readonly sessionId: string;
  /** Milliseconds since the epoch. */
  readonly expiresAt: number;
}

/** The record of a ticket for `who`. */
export function ticketRecord(who: Who, sessionId: string, expiresAt: number): TicketRecord {
  return { v: 2, userId: who.userId, keyId: who.keyId, login: loginOf(who), sessionId, expiresAt };
}

/** Whether a value of the store is a record that can be trusted. One that is not opens nothing. */
export function isTicketRecord(value: unknown): value is TicketRecord {
  return isObject(value) && value.v === 2 && typeof value.userId === "string" && typeof value.sessionId === "string" &&
    (value.keyId === null || typeof value.keyId === "string") && (value.login === null || isLogin(value.login)) &&
    typeof value.expiresAt === "number";
}

function isLogin(value: unknown): value is TokenClaims {
  return isObject(value) && typeof value.userId === "string" && typeof value.familyId === "string" &&
    typeof value.generation === "number";
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}
