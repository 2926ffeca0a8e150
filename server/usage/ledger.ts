import type { Cost } from "./prices.ts";
import type { TokenCount } from "./count.ts";

/** Whose call it is, and of what. */
export interface Account {
  /** Who pays for it. */
  readonly userId: string;
  /** Null: made without a key. */
  readonly keyId: string | null;
  /** As it is sent to the upstream. */
  readonly model: string;
}

/** One call in the books: from its admission to its one ending. */
export interface Meter {
  /** Books the call for good; only the first call counts. @returns what it cost; null: the model has no price */
  end(count: TokenCount, estimated: boolean): Cost | null;
  /** Ends the call with nothing used: it never reached the model, or was refused there. The request still counts. */
  unused(): void;
}

/** One line of the sums. */
export interface UsageSum {
  /** The group: a model's name, a user's or key's id, a day (`2026-11-20`). Calls made without a key are grouped under `""`. */
  readonly key: string;
  /** Calls that were made; those that used nothing too. */
  readonly requests: number;
  /** Read by the models. */
  readonly prompt_tokens: number;
  /** Written by them. */
  readonly completion_tokens: number;
  /** How many of the requests were estimated. */
  readonly estimated: number;
  /** Of the models that have a price; null: none of them has. Where the currency has changed, what was spent in the latest alone. */
  readonly cost: Cost | null;
}

/** What is to be summed. */
export interface UsageQuery {
  /** First day, UTC (`2026-11-01`). */
  readonly from: string;
  /** Last day, itself included. */
  readonly to: string;
  /** What a line is for. */
  readonly groupBy: "model" | "user" | "key" | "day";
  /** Whose calls; null: of all users. */
  readonly userId: string | null;
  /** At most so many lines. */
  readonly limit: number;
  /** From the page before; null: the first page. */
  readonly cursor: string | null;
}

/** The books: what every call used, on every ending. Written behind, within a second. */
export interface Ledger {
  /** Opens a meter. @param running what the call has used so far, as far as can be told; asked each second while the call is open, never after its end */
  open(account: Account, running: () => TokenCount): Meter;
  /** Writes all that is not written yet. @throws {GatehouseError} `storage_unavailable`; nothing is lost then */
  flush(): Promise<void>;
  /** The sums, in the order of their keys. @throws {GatehouseError} `storage_unavailable`, `invalid_field` (`cursor`) */
  sum(query: UsageQuery): Promise<{ readonly items: readonly UsageSum[]; readonly nextCursor: string | null }>;
  /** Stops the timer and writes what is left, as far as the store lets it. */
  close(): Promise<void>;
}
