/**
 * Secrets: a value that cannot be printed by accident. Knows no other room.
 * @module
 */
export * from "./secret.ts";
