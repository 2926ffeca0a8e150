import { GatehouseError } from "../../errors/mod.ts";
import type { Store } from "../../storage/mod.ts";
import type { Page, PageOptions } from "../page.ts";

/** An entry of a list of keys: says which key, and where its record lies. */
export interface KeyPointer {
  readonly id: string;
  readonly prefix: string;
}

const ULID = /^[0-7][0-9A-HJKMNP-TV-Z]{25}$/;

/**
 * A page of a list of keys, in the order of their ids.
 *
 * @param list the place under which the entries lie
 * @throws {GatehouseError} `invalid_field` (`cursor`), `storage_unavailable`
 */
export async function pagePointers(
  store: Store,
  list: Deno.KvKey,
  { limit, cursor }: PageOptions,
): Promise<Page<KeyPointer>> {
  if (cursor !== null && !ULID.test(cursor)) {
    const message = "Cannot list the keys: cursor is not one that a page before has given; begin without it";
    throw new GatehouseError("invalid_field", message, { param: "cursor" });
  }
  const found: KeyPointer[] = [];
  // Empty bytes come right after the cursor's own entry.
  const start = cursor === null ? {} : { start: [...list, cursor, new Uint8Array()] };
  for await (const { key, value } of store.list(list, { ...start, limit: limit + 1 })) {
    // An entry that is not ours leads to no record, and goes with the next revocation of all.
    found.push({ id: String(key.at(-1)), prefix: String(value) });
  }
  const items = found.slice(0, limit);
  return { items, nextCursor: found.length > limit ? items.at(-1)?.id ?? null : null };
}
