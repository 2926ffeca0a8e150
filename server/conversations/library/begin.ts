import type { Message } from "../message.ts";
import type { Session } from "../session.ts";
import { appendedState, appending } from "./append.ts";
import { endDeadTurn, isDead } from "./end_dead_turn.ts";
import type { Ground } from "./ground.ts";
import { AGAIN, insist } from "./insist.ts";
import { AT } from "./keys.ts";
import type { OpenTurn, TurnStart } from "./library.ts";
import { type Layout, layOut } from "./long_value.ts";
import { headOf, messageBytes } from "./message_record.ts";
import { newState, toolsValue } from "./new_session.ts";
import { PartsWriter } from "./parts_writer.ts";
import { isVisible } from "./ranges.ts";
import { busy, noSession, nothingToReplace, userGone } from "./refusals.ts";
import { userMessage } from "./replies.ts";
import { readSession, type SessionState } from "./session_record.ts";
import { isGone } from "./sessions.ts";
import { titleOf } from "./title.ts";
import { readMark, type TurnMark } from "./turn_mark.ts";
import { newToken, ulidAfter } from "./ulid_after.ts";

/** A user's message on its way into the store; every try is of the same. */
interface Drawn {
  readonly message: Message;
  readonly mark: TurnMark;
  readonly layout: Layout;
  readonly writer: PartsWriter;
}

/** A session that a turn begins in. */
interface Ready {
  /** Null: it is made with the turn. */
  readonly version: string | null;
  /** As it is to be but for the message; what is replaced is hidden up to an id that is not known yet. */
  readonly state: SessionState;
  /** The first message that is replaced; null: none is. */
  readonly replaceFrom: string | null;
}

/** As `Library.begin`. @param newId names a new session */
export async function begin(ground: Ground, start: TurnStart, newId: () => string): Promise<OpenTurn> {
  const { store, clock, eraser, log } = ground;
  const { userId, base, owner } = start;
  const sessionId = base?.sessionId ?? newId();
  const now = clock.now();
  const token = newToken(now, ground.random);
  const fresh = base === null ? newState({ id: sessionId, userId, now, token }, start.session) : null;
  let drawn = null as Drawn | null; // the compiler does not see that attempts set it
  let stored = false;
  try {
    const turn = await insist(ground, async (): Promise<OpenTurn | typeof AGAIN> => {
      const { mark, version: markVersion } = await readMark(store, sessionId);
      if (drawn !== null && mark?.token === token) {
        // An earlier try was made after all.
        const found = await readSession(store, userId, sessionId);
        if (found === null) throw noSession("begin a turn");
        stored = true;
        return opened(found.state.session, drawn);
      }
      if (mark !== null) {
        if (!await isDead(ground, mark) || !await endDeadTurn(ground, sessionId, mark)) throw busy();
        return AGAIN;
      }
      const ready = fresh === null ? await goOn(ground, start) : { version: null, state: fresh, replaceFrom: null };
      if (ready === AGAIN) return AGAIN;
      drawn ??= draw(ready, now);
      const { message, layout, writer } = drawn;
      // Another turn has come and gone without a trace but for its ids.
      if (ready.state.lastMade !== null && message.id <= ready.state.lastMade) throw busy();
      const written = await writer.ready();
      const { version, replaceFrom } = ready;
      const state = replaceFrom === null
        ? ready.state
        : { ...ready.state, hidden: { from: replaceFrom, to: message.id } };
      const puts = replaceFrom === null ? [] : [{ key: AT.erasing(userId, sessionId), value: { v: 1 } }];
      const append = { version, state, markVersion, mark: drawn.mark, messages: [message], layout, written, puts, now };
      if (await store.commit(appending(append)) === null) {
        if (version === null && await isGone(ground, userId)) throw userGone();
        return AGAIN;
      }
      stored = true;
      return opened(appendedState(append).session, drawn);
    });
    if (base !== null && base.replaceFrom !== null) {
      eraser.finish(userId, sessionId).catch(() =>
        log.warn("replaced messages are not all erased yet", { session: sessionId })
      );
    }
    return turn;
  } finally {
    if (!stored) await drawn?.writer.abandon();
  }

  function opened(session: Session, { message, mark: { replyId } }: Drawn): OpenTurn {
    return { userId, session, message, replyId };
  }

  function draw({ state }: Ready, at: number): Drawn {
    const message = userMessage(ulidAfter(state.lastMade, at, ground.random), start, at);
    const replyId = ulidAfter(message.id, at, ground.random);
    const tools = fresh === null ? [] : toolsValue(start.session);
    const layout = layOut(sessionId, token, [{ id: message.id, bytes: messageBytes(message) }, ...tools]);
    const model = start.model ?? state.session.settings.model ?? state.session.lastModel;
    const title = state.session.name === null ? titleOf(message.content) : null;
    const mark = { userId, messageId: message.id, replyId, owner, model, token, title };
    return { message, mark, layout, writer: new PartsWriter(ground, sessionId, layout) };
  }
}

/** Looks whether a turn may begin in a session that is there. */
async function goOn(ground: Ground, { userId, base }: TurnStart): Promise<Ready | typeof AGAIN> {
  const { store, eraser } = ground;
  const found = base === null ? null : await readSession(store, userId, base.sessionId);
  if (base === null || found === null) throw noSession("begin a turn");
  const { state, version } = found;
  if (state.lastId !== base.lastId) throw busy();
  if (base.replaceFrom === null) return { version, state, replaceFrom: null };
  const place = await placeOf(ground, state, base.replaceFrom);
  if (state.hidden !== null) {
    // One range is all that a session hides: what was replaced before goes first.
    await eraser.finish(userId, base.sessionId);
    return AGAIN;
  }
  const session = { ...state.session, messageCount: place };
  return { version, state: { ...state, session }, replaceFrom: base.replaceFrom };
}

/** How many messages come before one. @throws {GatehouseError} `not_found` */
async function placeOf({ store }: Ground, { session, hidden }: SessionState, messageId: string): Promise<number> {
  const entry = isVisible(hidden, messageId) ? await store.get(AT.message(session.id, messageId)) : null;
  const head = entry === null ? null : headOf(messageId, entry.value);
  if (head === null) throw nothingToReplace();
  return head.place;
}
