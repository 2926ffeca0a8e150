import { GatehouseError } from "../errors/mod.ts";
import { NetworkError } from "../network/mod.ts";
import { StorageStartError, UnsealError } from "../storage/mod.ts";

/** An error in a line for a person. Only errors of ours are shown: a foreign one may hold a secret. */
export function explain(error: unknown): string {
  const known = error instanceof GatehouseError || error instanceof NetworkError ||
    error instanceof StorageStartError ||
    error instanceof UnsealError;
  return known ? error.message : `It failed unexpectedly (${error instanceof Error ? error.name : typeof error}).`;
}
