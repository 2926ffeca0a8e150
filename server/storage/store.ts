/** One stored value with the version that a {@linkcode Change} can check. */
export interface Entry<T> {
  /** Where it lies. */
  readonly key: Deno.KvKey;
  /** What was stored. */
  readonly value: T;
  /** Changes with every write. */
  readonly version: string;
}

/** Which of the entries under a prefix, and in which order. */
export interface ListOptions {
  /** From this key on, itself included. */
  readonly start?: Deno.KvKey;
  /** Up to this key, itself not included. */
  readonly end?: Deno.KvKey;
  /** At most so many. @default {all} */
  readonly limit?: number;
  /** From the last to the first. */
  readonly reverse?: boolean;
}

/** What is to happen at once, or not at all. */
export interface Change {
  /** `version: null` demands that the key is absent. */
  readonly checks?: readonly { readonly key: Deno.KvKey; readonly version: string | null }[];
  /** What is written. `expireIn`: milliseconds after which it may be cleared away; the store is in no hurry to. */
  readonly puts?: readonly { readonly key: Deno.KvKey; readonly value: unknown; readonly expireIn?: number }[];
  /** What is removed; a key that is absent is no failure. */
  readonly deletes?: readonly Deno.KvKey[];
}

/** Deno KV as the rooms use it: a busy file is waited for, everything else fails clearly. */
export interface Store {
  /** The entry at `key`; null: there is none. @throws {GatehouseError} `storage_unavailable` */
  get<T>(key: Deno.KvKey): Promise<Entry<T> | null>;
  /** The entries under `prefix`, in key order. @throws {GatehouseError} `storage_unavailable` */
  list<T>(prefix: Deno.KvKey, options?: ListOptions): AsyncIterable<Entry<T>>;
  /**
   * Makes a change at once, or not at all.
   *
   * @returns the new version, or null when a check failed
   * @throws {GatehouseError} `storage_unavailable`: whether the change happened is then unknown
   */
  commit(change: Change): Promise<string | null>;
  /** Lets the store go; no call may follow. */
  close(): void;
}
