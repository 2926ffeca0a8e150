/**
 * Errors: the union of codes and the one error that crosses rooms. Knows no other room.
 * @module
 */
export * from "./codes.ts";
export * from "./gatehouse_error.ts";
