import { GatehouseError } from "../errors/mod.ts";

/** Whether the server is stopping. Set once, never unset. */
export interface Drain {
  readonly draining: boolean;
  start(): void;
  /** The answer to new work while draining. */
  refusal(): GatehouseError;
}

/** @param retryAfterSeconds when another try makes sense */
export function createDrain(retryAfterSeconds: number): Drain {
  let draining = false;
  return {
    get draining() {
      return draining;
    },
    start() {
      draining = true;
    },
    refusal: () =>
      new GatehouseError("draining", "Cannot take new work: the server is stopping; try again in a moment", {
        retryAfterSeconds,
      }),
  };
}
