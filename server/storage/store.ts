/** One stored value with the version that a {@linkcode Change} can check. */
export interface Entry<T> {
  readonly key: Deno.KvKey;
  readonly value: T;
  readonly version: string;
}

/** What is to happen at once, or not at all. */
export interface Change {
  /** `version: null` demands that the key is absent. */
  readonly checks?: readonly { readonly key: Deno.KvKey; readonly version: string | null }[];
  readonly puts?: readonly { readonly key: Deno.KvKey; readonly value: unknown }[];
  readonly deletes?: readonly Deno.KvKey[];
}

/** Deno KV as the rooms use it: a busy file is waited for, everything else fails clearly. */
export interface Store {
  /** @throws {GatehouseError} `storage_unavailable` */
  get<T>(key: Deno.KvKey): Promise<Entry<T> | null>;
  /** All entries under `prefix`, in key order. @throws {GatehouseError} `storage_unavailable` */
  list<T>(prefix: Deno.KvKey): AsyncIterable<Entry<T>>;
  /**
   * @returns the new version, or null when a check failed
   * @throws {GatehouseError} `storage_unavailable`: whether the change happened is then unknown
   */
  commit(change: Change): Promise<string | null>;
  close(): void;
}
