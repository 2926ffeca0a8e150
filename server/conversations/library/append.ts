import type { Change, Store } from "../../storage/mod.ts";
import type { Message } from "../message.ts";
import { AT } from "./keys.ts";
import type { Layout } from "./long_value.ts";
import { headValue } from "./message_record.ts";
import type { PartsWriter } from "./parts_writer.ts";
import { type SessionState, sessionValue } from "./session_record.ts";
import { markValue, type TurnMark } from "./turn_mark.ts";

/** A session and its mark as they were read, and as they are to be. */
export interface Append {
  /** The session without the messages; null: there is none yet. */
  readonly version: string | null;
  /** The session without the messages, changed as it is to be but for what the messages change. */
  readonly state: SessionState;
  /** The mark as it was read. */
  readonly markVersion: string | null;
  /** The mark as it is to be; null: the turn ends. */
  readonly mark: TurnMark | null;
  /** At the session's end from now on, at least one. */
  readonly messages: readonly Message[];
  /** Of the messages, in their order, at least. */
  readonly layout: Layout;
  /** What the writer of the parts demands. */
  readonly written: Awaited<ReturnType<PartsWriter["ready"]>>;
  /** Goes with it. */
  readonly deletes?: readonly Deno.KvKey[];
  /** Comes with it. */
  readonly puts?: Change["puts"];
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** The session once messages are at its end. */
export function appendedState({ state, mark, messages, now }: Append): SessionState {
  const lastId = messages.at(-1)?.id ?? state.lastId;
  const session = { ...state.session, messageCount: state.session.messageCount + messages.length, updatedAt: now };
  return { ...state, session, lastId, lastMade: mark?.replyId ?? lastId };
}

/** The one commit that puts messages at the end of a session and moves its turn on. */
export function appending(append: Append): Change {
  const { version, state, markVersion, mark, messages, layout, written, deletes = [], puts = [] } = append;
  const { id: sessionId, userId, messageCount } = state.session;
  const session = AT.session(userId, sessionId);
  const turn = AT.turn(sessionId);
  const heads = messages.flatMap(({ id }, index) => {
    const body = layout.bodies[index];
    return body === undefined ? [] : [{ key: AT.message(sessionId, id), value: headValue(messageCount + index, body) }];
  });
  // A user who was removed gets no new session.
  const allowed = version === null ? [{ key: AT.gone(userId), version: null }] : [];
  return {
    checks: [{ key: session, version }, { key: turn, version: markVersion }, ...allowed, ...written.checks],
    puts: [
      { key: session, value: sessionValue(appendedState(append)) },
      ...(mark === null ? [] : [{ key: turn, value: markValue(mark) }]),
      ...heads,
      ...layout.beside,
      ...puts,
    ],
    deletes: [...(mark === null ? [turn, AT.stop(sessionId)] : []), ...written.deletes, ...deletes],
  };
}

/** As many drafts as one commit takes with it. */
export const DRAFTS_AT_ONCE = 400;

/** The keys of a reply's drafts, as many as one commit takes. @throws {GatehouseError} `storage_unavailable` */
export async function draftKeys(store: Store, sessionId: string, replyId: string): Promise<Deno.KvKey[]> {
  const keys: Deno.KvKey[] = [];
  for await (const { key } of store.list(AT.draftsOf(sessionId, replyId), { limit: DRAFTS_AT_ONCE })) keys.push(key);
  return keys;
}
