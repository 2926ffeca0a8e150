/**
 * Accounts: who is asking and what they may do. Knows plain values, no requests.
 * @module
 */
export * from "./asking.ts";
export * from "./door.ts";
export * from "./who.ts";
