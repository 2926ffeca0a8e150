import type { Store } from "../../storage/mod.ts";
import { AT } from "./keys.ts";
import type { RunningTurn } from "./library.ts";
import { fieldsOf, textOrNull } from "./stored_fields.ts";

/** Marks a session as busy. */
export interface TurnMark extends RunningTurn {
  /** Whose session it is. */
  readonly userId: string;
  /** The model that was asked last; null: not known yet. */
  readonly model: string | null;
  /** Unlike that of any other turn: two that begin at once may draw the same ids, and only one of them is stored. */
  readonly token: string;
  /** What the session is to be called if it has no name by the end; null: the user's message holds no text, or the session
   * had a name when the turn began. */
  readonly title: string | null;
}

/** What lies at the place of a mark. */
export interface MarkEntry {
  /** Null: none, or one that this version cannot read. */
  readonly mark: TurnMark | null;
  /** Null: nothing is there. */
  readonly version: string | null;
}

/** What lies in the store. */
export function markValue(mark: TurnMark): unknown {
  return { v: 1, ...mark };
}

/** Null: not a mark that this version can read. */
export function markOf(value: unknown): TurnMark | null {
  const fields = fieldsOf(value);
  if (fields?.v !== 1) return null;
  const { userId, messageId, replyId, owner } = fields;
  if (typeof userId !== "string" || typeof messageId !== "string") return null;
  if (typeof replyId !== "string" || typeof owner !== "string") return null;
  return {
    userId,
    messageId,
    replyId,
    owner,
    model: textOrNull(fields.model),
    token: textOrNull(fields.token) ?? "",
    title: textOrNull(fields.title),
  };
}

/** Reads the mark of a session. */
export async function readMark(store: Store, sessionId: string): Promise<MarkEntry> {
  const entry = await store.get(AT.turn(sessionId));
  return entry === null ? { mark: null, version: null } : { mark: markOf(entry.value), version: entry.version };
}

/** As `Library.busy`. */
export async function* busySessions(store: Store): AsyncGenerator<{
  readonly userId: string;
  readonly sessionId: string;
  readonly owner: string;
}> {
  for await (const { key, value } of store.list(AT.turns)) {
    const mark = markOf(value);
    if (mark !== null) yield { userId: mark.userId, sessionId: String(key.at(-1)), owner: mark.owner };
  }
}
