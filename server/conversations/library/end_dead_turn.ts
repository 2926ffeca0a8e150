import { appending, draftKeys, DRAFTS_AT_ONCE } from "./append.ts";
import { draftedText } from "./drafts.ts";
import type { Ground } from "./ground.ts";
import { AGAIN, insist } from "./insist.ts";
import { AT } from "./keys.ts";
import { layOut } from "./long_value.ts";
import { messageBytes } from "./message_record.ts";
import { PartsWriter } from "./parts_writer.ts";
import { deadReply } from "./replies.ts";
import { readSession } from "./session_record.ts";
import { titleOf } from "./title.ts";
import { readMark, type TurnMark } from "./turn_mark.ts";
import { newToken } from "./ulid_after.ts";

/** Whether the process that runs a turn has died. @throws {GatehouseError} `storage_unavailable` */
export async function isDead({ presence }: Ground, { owner }: TurnMark): Promise<boolean> {
  return owner !== presence.owner && !await presence.isAlive(owner);
}

/**
 * Ends a turn whose process has died: its reply is what the drafts hold. Of all that meet it, one does so.
 *
 * @returns false: this version cannot read its session
 * @throws {GatehouseError} `storage_unavailable`
 */
export async function endDeadTurn(ground: Ground, sessionId: string, dead: TurnMark): Promise<boolean> {
  const { store, clock, eraser, log } = ground;
  let ended = false;
  let drafts = 0;
  const now = clock.now();
  const message = deadReply(dead.replyId, await draftedText(store, sessionId, dead.replyId), dead.model, now);
  const values = [{ id: message.id, bytes: messageBytes(message) }];
  const layout = layOut(sessionId, newToken(now, ground.random), values);
  const writer = new PartsWriter(ground, sessionId, layout);
  try {
    const done = await insist(ground, async () => {
      const { mark, version: markVersion } = await readMark(store, sessionId);
      if (mark?.messageId !== dead.messageId || mark.replyId !== dead.replyId) return true;
      const found = await readSession(store, dead.userId, sessionId);
      if (found === null) {
        // A mark never outlives its session; this one is another version's, or damaged.
        if (await store.get(AT.session(dead.userId, sessionId)) !== null) return false;
        await store.commit({
          checks: [{ key: AT.turn(sessionId), version: markVersion }],
          deletes: [AT.turn(sessionId)],
        });
        return true;
      }
      const written = await writer.ready();
      const deletes = await draftKeys(store, sessionId, dead.replyId);
      drafts = deletes.length;
      const { session } = found.state;
      const state = {
        ...found.state,
        session: {
          ...session,
          name: session.name ?? dead.title ?? titleOf(message.content),
          lastModel: dead.model ?? session.lastModel,
        },
      };
      const append = { version: found.version, state, markVersion, mark: null, messages: [message], layout };
      if (await store.commit(appending({ ...append, written, deletes, now })) === null) return AGAIN;
      ended = true;
      return true;
    });
    if (ended) log.info("a turn whose process has died was ended", { session: sessionId });
    return done;
  } finally {
    if (!ended) await writer.abandon();
    else if (drafts === DRAFTS_AT_ONCE) await eraser.drafts(sessionId, dead.replyId).catch(() => {});
  }
}
