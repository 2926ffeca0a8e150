import type { Cost } from "./prices.ts";
import type { TokenCount } from "./count.ts";

/** Whose call it is, and of what. */
export interface Account {
  readonly userId: string;
  /** Null: made without a key. */
  readonly keyId: string | null;
  readonly model: string;
}

/** One call in the books: from its sending to its one ending. */
export interface Meter {
  /** Books the call for good; only the first call counts. @returns what it cost; null: the model has no price */
  end(count: TokenCount, estimated: boolean): Cost | null;
  /** Takes the call out of the books again: it never reached the model, or was refused there. The request still counts, with nothing used. */
  unused(): void;
}

/** One line of the sums. */
export interface UsageSum {
  /** The group: a model's name, a user's or key's id, a day (`2026-11-20`). Calls made without a key are grouped under `""`. */
  readonly key: string;
  readonly requests: number;
  readonly prompt_tokens: number;
  readonly completion_tokens: number;
  /** How many of the requests were estimated. */
  readonly estimated: number;
  /** Null: none of the models has a price. */
  readonly cost: Cost | null;
}

/** What is to be summed. */
export interface UsageQuery {
  /** First day, UTC (`2026-11-01`). */
  readonly from: string;
  /** Last day, itself included. */
  readonly to: string;
  readonly groupBy: "model" | "user" | "key" | "day";
  /** Null: of all users. */
  readonly userId: string | null;
  readonly limit: number;
  readonly cursor: string | null;
}

/** The books: what every call used, on every ending. Written behind, each second. */
export interface Ledger {
  /** Opens a meter. @param running what the call has used so far, as far as can be told; asked each second */
  open(account: Account, running: () => TokenCount): Meter;
  /** Writes all that is not written yet. @throws {GatehouseError} `storage_unavailable`; nothing is lost then */
  flush(): Promise<void>;
  /** The sums, in the order of their keys. @throws {GatehouseError} `storage_unavailable`, `invalid_field` (`cursor`) */
  sum(query: UsageQuery): Promise<{ readonly items: readonly UsageSum[]; readonly nextCursor: string | null }>;
  /** Stops the timer and writes what is left, as far as the store lets it. */
  close(): Promise<void>;
}
