import { GatehouseError } from "../errors/mod.ts";

/** Whether the server is stopping (set once, never unset), and whether anybody still waits for an answer. */
export interface Drain {
  /** True from the first {@linkcode Drain.start} on. */
  readonly draining: boolean;
  /** Takes no new work from now on. */
  start(): void;
  /** A request has come. */
  entered(): void;
  /** The last byte of its answer is sent, or its client has left. */
  left(): void;
  /** Resolves when every request that has come is answered. */
  idle(): Promise<void>;
  /** The answer to new work while draining. */
  refusal(): GatehouseError;
}

/** One server's draining. @param retryAfterSeconds when another try makes sense */
export function createDrain(retryAfterSeconds: number): Drain {
  let draining = false;
  let open = 0;
  const whenIdle = new Set<() => void>();
  return {
    get draining() {
      return draining;
    },
    start() {
      draining = true;
    },
    entered() {
      open++;
    },
    left() {
      if (--open > 0) return;
      for (const resolve of whenIdle) resolve();
      whenIdle.clear();
    },
    idle: () => open === 0 ? Promise.resolve() : new Promise((resolve) => whenIdle.add(resolve)),
    refusal: () =>
      new GatehouseError("draining", "Cannot take new work: the server is stopping; try again in a moment", {
        retryAfterSeconds,
      }),
  };
}
