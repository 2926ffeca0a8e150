/** One page of a list. */
export interface Page<T> {
  /** In the list's order. */
  readonly items: readonly T[];
  /** Gives the next page; null: this was the last. */
  readonly nextCursor: string | null;
}

/** Which page of a list. */
export interface PageOptions {
  /** At most so many items, 1 to 200. */
  readonly limit: number;
  /** From the page before; null: the first page. */
  readonly cursor: string | null;
}
