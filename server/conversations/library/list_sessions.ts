import type { Page, PageOptions } from "../../accounts/mod.ts";
import type { Store } from "../../storage/mod.ts";
import type { Session } from "../session.ts";
import { AT } from "./keys.ts";
import { invalidField } from "./refusals.ts";
import { recordBytes, sessionState } from "./session_record.ts";
import { isUlid } from "./ulid_after.ts";

/** So many records are looked at for one page of a search, and so many bytes of them: they may hold long prompts. */
const LOOKED_AT = 2_000;
const BYTES_LOOKED_AT = 8 * 1024 * 1024;

/** As `Library.list`. */
export async function listSessions(
  store: Store,
  userId: string,
  { limit, cursor }: PageOptions,
  search: string | null,
): Promise<Page<Session>> {
  const matches = search === null || search === "" ? null : matching(search);
  const all = AT.sessionsOf(userId);
  const end = cursor === null ? {} : { end: [...all, demandCursor(cursor, "list the sessions")] };
  const most = matches === null ? limit : LOOKED_AT;
  const items: Session[] = [];
  let looked = 0;
  let bytes = 0;
  let last: string | null = null;
  for await (const { key, value } of store.list(all, { ...end, reverse: true, limit: most + 1 })) {
    if (looked === most || bytes >= BYTES_LOOKED_AT) return { items, nextCursor: last };
    const id = String(key.at(-1));
    const session = sessionState(userId, id, value)?.session;
    if (session !== undefined && (matches === null || matches(session))) {
      if (items.length === limit) return { items, nextCursor: items.at(-1)?.id ?? null };
      items.push(session);
    }
    looked++;
    bytes += recordBytes(value);
    last = id;
  }
  return { items, nextCursor: null };
}

function matching(search: string): (session: Session) => boolean {
  const wanted = folded(search);
  return ({ name }) => name !== null && folded(name).includes(wanted);
}

function folded(text: string): string {
  return text.normalize("NFC").toLowerCase();
}

/** @throws {GatehouseError} `invalid_field` */
export function demandCursor(cursor: string, action: string): string {
  if (isUlid(cursor)) return cursor;
  throw invalidField("cursor", `Cannot ${action}: cursor is not one that a page before has given; begin without it`);
}
