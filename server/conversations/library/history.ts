import type { Page, PageOptions } from "../../accounts/mod.ts";
import type { ListOptions, Store } from "../../storage/mod.ts";
import type { Message } from "../message.ts";
import type { Session } from "../session.ts";
import { AT } from "./keys.ts";
import { demandCursor } from "./list_sessions.ts";
import { lengthOf } from "./long_value.ts";
import { headOf, type MessageHead, readMessage } from "./message_record.ts";
import { isVisible, visibleRanges } from "./ranges.ts";
import { readSession } from "./session_record.ts";

/** A page of history ends at so many bytes of JSON. */
const LONGEST_PAGE = 8 * 1024 * 1024;

type Which = Pick<Session, "userId" | "id">;

/** As `Library.history`. */
export async function history(store: Store, session: Which, { limit, cursor }: PageOptions): Promise<Page<Message>> {
  const before = cursor === null ? null : demandCursor(cursor, "read the history");
  const items: Message[] = [];
  let size = 0;
  let last: string | null = null;
  let looked = 0;
  for await (const { id, head } of heads(store, session, { before, reverse: true, limit: limit + 1 })) {
    const length = head === null ? 0 : lengthOf(head.body);
    if (looked === limit || items.length > 0 && size + length > LONGEST_PAGE) {
      return { items: items.reverse(), nextCursor: last };
    }
    const message = head === null ? null : await readMessage(store, session.id, head);
    if (message !== null) items.push(message);
    size += length;
    last = id;
    looked++;
  }
  return { items: items.reverse(), nextCursor: null };
}

/** As `Library.backwards`. */
export async function* backwards(store: Store, session: Which, before: string | null): AsyncIterable<Message> {
  yield* messages(store, session, { before, reverse: true });
}

/** As `Library.forwards`. */
export async function* forwards(store: Store, session: Which): AsyncIterable<Message> {
  yield* messages(store, session, { before: null, reverse: false });
}

/** As `Library.message`. */
export async function message(store: Store, session: Which, messageId: string): Promise<Message | null> {
  const found = await readSession(store, session.userId, session.id);
  if (found === null || !isVisible(found.state.hidden, messageId)) return null;
  const entry = await store.get(AT.message(session.id, messageId));
  const head = entry === null ? null : headOf(messageId, entry.value);
  return head === null ? null : await readMessage(store, session.id, head);
}

interface Order {
  /** Only those before this id; null: all. */
  readonly before: string | null;
  /** From the last to the first. */
  readonly reverse: boolean;
  /** At most so many. @default {all} */
  readonly limit?: number;
}

async function* messages(store: Store, session: Which, order: Order): AsyncIterable<Message> {
  for await (const { head } of heads(store, session, order)) {
    const message = head === null ? null : await readMessage(store, session.id, head);
    if (message !== null) yield message;
  }
}

/** The records of what can be seen; a head is null where this version cannot read it. */
async function* heads(
  store: Store,
  session: Which,
  { before, reverse, limit }: Order,
): AsyncIterable<{ readonly id: string; readonly head: MessageHead | null }> {
  const found = await readSession(store, session.userId, session.id);
  if (found === null) return;
  const ranges = visibleRanges(session.id, found.state.hidden, before);
  const most: ListOptions = limit === undefined ? { reverse } : { reverse, limit };
  for (const range of reverse ? ranges.reverse() : ranges) {
    for await (const { key, value } of store.list(AT.messagesOf(session.id), { ...range, ...most })) {
      const id = String(key.at(-1));
      yield { id, head: headOf(id, value) };
    }
  }
}
