import { GatehouseError } from "../../errors/mod.ts";
import type { Store } from "../../storage/mod.ts";
import type { Page, PageOptions } from "../page.ts";
import { AT, isUserRecord } from "./user_record.ts";
import type { User } from "./users.ts";

const ULID = /^[0-7][0-9A-HJKMNP-TV-Z]{25}$/;

/**
 * A page of all users, in the order of their ids, which is that of their making.
 *
 * @throws {GatehouseError} `invalid_field` (`cursor`), `storage_unavailable`
 */
export async function pageUsers(store: Store, { limit, cursor }: PageOptions): Promise<Page<User>> {
  if (cursor !== null && !ULID.test(cursor)) {
    const message = "Cannot list the users: cursor is not one that a page before has given; begin without it";
    throw new GatehouseError("invalid_field", message, { param: "cursor" });
  }
  const found: { readonly id: string; readonly value: unknown }[] = [];
  // Empty bytes come right after the cursor's own entry.
  const start = cursor === null ? {} : { start: [...AT.user(cursor), new Uint8Array()] };
  for await (const { key, value } of store.list(AT.all, { ...start, limit: limit + 1 })) {
    found.push({ id: String(key.at(-1)), value });
  }
  const page = found.slice(0, limit);
  const items = page.flatMap(({ value }) => isUserRecord(value) ? [value.user] : []);
  return { items, nextCursor: found.length > limit ? page.at(-1)?.id ?? null : null };
}
