import type { Store } from "../../storage/mod.ts";
import type { Ground } from "./ground.ts";
import { AGAIN, insist } from "./insist.ts";
import { AT } from "./keys.ts";
import type { RunningTurn } from "./library.ts";
import { fieldsOf } from "./stored_fields.ts";
import { readMark } from "./turn_mark.ts";

/** A wish that nobody heeds goes after a minute. It names its turn, so that an old one stops no other. */
const KEPT_FOR = 60_000;

/** As `Library.askToStop`. */
export async function askToStop(ground: Ground, sessionId: string, { messageId }: RunningTurn): Promise<void> {
  const { store } = ground;
  await insist(ground, async () => {
    const { mark, version } = await readMark(store, sessionId);
    if (mark?.messageId !== messageId) return true;
    const done = await store.commit({
      checks: [{ key: AT.turn(sessionId), version }],
      puts: [{ key: AT.stop(sessionId), value: { v: 1, messageId }, expireIn: KEPT_FOR }],
    });
    return done === null ? AGAIN : true;
  });
}

/** As `Library.asked`. */
export async function askedToStop(store: Store): Promise<ReadonlyMap<string, string>> {
  const asked = new Map<string, string>();
  for await (const { key, value } of store.list(AT.stops)) {
    const messageId = fieldsOf(value)?.messageId;
    if (typeof messageId === "string") asked.set(String(key.at(-1)), messageId);
  }
  return asked;
}
