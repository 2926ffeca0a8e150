import type { Cost } from "./prices.ts";

/** What a call has used, as clients are told. */
export interface Bill {
  /** The upstream's count where it gave one. */
  readonly usage: {
    readonly prompt_tokens: number;
    readonly completion_tokens: number;
    readonly total_tokens: number;
    /** Whether these are our own estimate. */
    readonly estimated: boolean;
  };
  /** Null: the model has no price. */
  readonly cost: Cost | null;
}
