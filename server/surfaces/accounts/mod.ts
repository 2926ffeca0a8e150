/**
 * Accounts over HTTP: tokens, users, keys, and the login to the upstream.
 * @module
 */
export type { AccountOptions } from "./options.ts";
export { accountRoutes } from "./routes.ts";
