import type { NewSession, Session, SessionChange, ToolDefinition } from "../session.ts";
import { endDeadTurn, isDead } from "./end_dead_turn.ts";
import type { Ground } from "./ground.ts";
import { AGAIN, insist } from "./insist.ts";
import { fromJsonBytes } from "./json_bytes.ts";
import { AT, TOOLS } from "./keys.ts";
import type { Opened } from "./library.ts";
import { layOut, readBody } from "./long_value.ts";
import { demandShort, newState, toolsValue } from "./new_session.ts";
import { PartsWriter } from "./parts_writer.ts";
import { noSession, userGone } from "./refusals.ts";
import { readSession, sessionValue } from "./session_record.ts";
import { readMark } from "./turn_mark.ts";
import { newToken } from "./ulid_after.ts";

/** As `Library.create`. @param id names it */
export async function create(ground: Ground, userId: string, wish: NewSession, id: string): Promise<Session> {
  const { store, clock } = ground;
  const now = clock.now();
  const token = newToken(now, ground.random);
  const state = newState({ id, userId, now, token }, wish);
  const layout = layOut(id, token, toolsValue(wish));
  const writer = new PartsWriter(ground, id, layout);
  const key = AT.session(userId, id);
  let made = false;
  try {
    return await insist(ground, async () => {
      const written = await writer.ready();
      const version = await store.commit({
        checks: [{ key, version: null }, { key: AT.gone(userId), version: null }, ...written.checks],
        puts: [{ key, value: sessionValue(state) }, ...layout.beside],
        deletes: written.deletes,
      });
      // The id is new: what is there was made by an earlier try.
      made = version !== null || await store.get(key) !== null;
      if (!made && await isGone(ground, userId)) throw userGone();
      return made ? state.session : AGAIN;
    });
  } finally {
    if (!made) await writer.abandon();
  }
}

/** Whether a user was removed. @throws {GatehouseError} `storage_unavailable` */
export async function isGone({ store }: Pick<Ground, "store">, userId: string): Promise<boolean> {
  return await store.get(AT.gone(userId)) !== null;
}

/** As `Library.open`. */
export async function open(ground: Ground, userId: string, sessionId: string): Promise<Opened | null> {
  const { store } = ground;
  return await insist(ground, async () => {
    // Before the session: so it is never older than the mark says.
    const { mark } = await readMark(store, sessionId);
    const found = await readSession(store, userId, sessionId);
    if (found === null) return null;
    if (mark !== null && await isDead(ground, mark) && await endDeadTurn(ground, sessionId, mark)) return AGAIN;
    const { session, lastId } = found.state;
    const running = mark === null ? null : { messageId: mark.messageId, replyId: mark.replyId, owner: mark.owner };
    return { session, lastId, running };
  });
}

/** As `Library.change`. */
export async function change(
  { store, clock, random }: Ground,
  userId: string,
  sessionId: string,
  { name, settings }: SessionChange,
): Promise<Session> {
  return await insist({ clock, random }, async () => {
    const found = await readSession(store, userId, sessionId);
    if (found === null) throw noSession("change the session");
    const { session } = found.state;
    const changed: Session = {
      ...session,
      name: name === undefined ? session.name : name,
      settings: { ...session.settings, ...settings },
      updatedAt: clock.now(),
    };
    demandShort(changed);
    const key = AT.session(userId, sessionId);
    const version = await store.commit({
      checks: [{ key, version: found.version }],
      puts: [{ key, value: sessionValue({ ...found.state, session: changed }) }],
    });
    return version === null ? AGAIN : changed;
  });
}

/** As `Library.tools`. */
export async function tools({ store }: Ground, userId: string, sessionId: string): Promise<readonly ToolDefinition[]> {
  const found = await readSession(store, userId, sessionId);
  if (found === null) throw noSession("read the tools of the session");
  const body = found.state.tools;
  if (body === null) return [];
  const bytes = await readBody(store, sessionId, { id: TOOLS, body });
  const value = bytes === null ? undefined : fromJsonBytes(bytes);
  // Written by this room, from the same type.
  return Array.isArray(value) ? value as ToolDefinition[] : [];
}

/** As `Library.remove`. */
export async function remove({ eraser, log }: Ground, userId: string, sessionId: string): Promise<boolean> {
  if (!await eraser.begin(userId, sessionId)) return false;
  try {
    await eraser.finish(userId, sessionId);
  } catch {
    // Nobody sees it any more, and the mark stays.
    log.warn("a deleted session is not all erased yet", { session: sessionId });
  }
  return true;
}
