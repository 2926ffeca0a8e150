import { GatehouseError } from "../../errors/mod.ts";

/** Whether a session is gone, or its turn was ended by somebody else. */
export function isNotFound(error: unknown): boolean {
  return error instanceof GatehouseError && error.code === "not_found";
}
