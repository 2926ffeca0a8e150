/**
 * Effects that are handed in rather than reached for. Knows no other room.
 * @module
 */
export * from "./clock.ts";
export * from "./unless_aborted.ts";
