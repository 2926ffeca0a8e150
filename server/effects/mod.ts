/**
 * Effects that are handed in rather than reached for. Knows no other room.
 * @module
 */
export * from "./clock.ts";
