import type { LimitedSubject } from "./limits.ts";

/** How somebody has shown who they are. `open`: not at all, on a loopback server; `nobody`: on a route that asks for nothing. */
export type Via = "open" | "api_key" | "token" | "cookie" | "ticket" | "metrics_token" | "nobody";

/** On whose behalf a request is made. */
export interface Who {
  /** Whose data it may see. */
  readonly userId: string;
  /** What it may do; a key never makes an admin. */
  readonly role: "admin" | "user";
  /** How it was shown. */
  readonly via: Via;
  /** The API key that was shown; null: none was. */
  readonly keyId: string | null;
  /** Lists of models that must all hold a model for it to be used; empty: every model may. */
  readonly models: readonly (readonly string[])[];
  /** Whose limits bind this request; empty: none do. */
  readonly limited: readonly LimitedSubject[];
  /** The conversation session that a ticket opens; null: not a ticket. */
  readonly ticketFor: string | null;
}

/** Whether a model is on every list that binds. */
export function mayUse({ models }: Pick<Who, "models">, model: string): boolean {
  return models.every((list) => list.includes(model));
}

/** The id of the implicit user of open mode. */
export const LOCAL_USER_ID = "local";

/** The implicit user of open mode. */
export const LOCAL_USER: Who = {
  userId: LOCAL_USER_ID,
  role: "admin",
  via: "open",
  keyId: null,
  models: [],
  limited: [],
  ticketFor: null,
};

/** Who asks on a route that is open to anybody. */
export const NOBODY: Who = { ...LOCAL_USER, userId: "nobody", role: "user", via: "nobody" };
