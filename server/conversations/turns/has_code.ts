import { type ErrorCode, GatehouseError } from "../../errors/mod.ts";

/** Whether an error is one of ours, and this one. */
export function hasCode(error: unknown, code: ErrorCode): boolean {
  return error instanceof GatehouseError && error.code === code;
}
