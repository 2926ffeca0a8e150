/**
 * Accounts: users, passwords, tokens, API keys; who is asking and what they may do. Knows plain values, no requests.
 * @module
 */
export * from "./asking.ts";
export * from "./door.ts";
export { type Budget, isLimited, type LimitedSubject, type Limits, NO_LIMITS } from "./limits.ts";
export type { Page, PageOptions } from "./page.ts";
export * from "./verifiers.ts";
export { type Accounts, type AccountsOptions, openAccounts } from "./open_accounts.ts";
export { openDoor } from "./open_door.ts";
export { adoptAdmin } from "./adopt_admin.ts";
export * from "./who.ts";
export type { LoginAttempt, NewUser, User, UserChange, Users } from "./users/users.ts";
export { openUsers, type UsersOptions } from "./users/open_users.ts";
export type { Eraser } from "./users/removals.ts";
export type { PasswordHasher } from "./passwords/hasher.ts";
export { createPasswordHasher, type PasswordHasherOptions } from "./passwords/create_hasher.ts";
export { servePasswordHashes } from "./passwords/serve_hashes.ts";
export type { ApiKey, KeyChange, Keys, NewKey } from "./keys/keys.ts";
export { openKeys, type OpenKeysOptions } from "./keys/open_keys.ts";
export { type Install, openInstall, type OpenInstallOptions } from "./install.ts";
export type { Grant, TokenClaims, Tokens } from "./tokens/tokens.ts";
export { openTokens, type OpenTokensOptions } from "./tokens/open_tokens.ts";
export type { Tickets } from "./tickets/tickets.ts";
export { createTickets, type CreateTicketsOptions } from "./tickets/create_tickets.ts";
export type { TicketRooms } from "./tickets/judge_ticket.ts";
