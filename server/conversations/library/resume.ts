import { GatehouseError } from "../../errors/mod.ts";
import type { Entry } from "../../storage/mod.ts";
import { endDeadTurn, isDead } from "./end_dead_turn.ts";
import type { Ground } from "./ground.ts";
import { AT } from "./keys.ts";
import { eraseIntent, isGivenUp } from "./parts_writer.ts";
import { markOf } from "./turn_mark.ts";

/** As `Library.resume`. What fails is logged and left for the next time. */
export async function resume(ground: Ground): Promise<void> {
  const { store, presence, clock, eraser, log } = ground;

  async function each(prefix: Deno.KvKey, work: (entry: Entry<unknown>) => Promise<unknown>): Promise<void> {
    for await (const entry of store.list(prefix)) {
      try {
        await work(entry);
      } catch (error) {
        const code = error instanceof GatehouseError ? error.code : "internal_error";
        log.warn("what a stop has left of a conversation is not all ended yet", { code });
      }
    }
  }

  await each(AT.erasings, async ({ key }) => await eraser.finish(String(key.at(-2)), String(key.at(-1))));
  await each(AT.intents, async (entry) => {
    if (await isGivenUp(entry.value, presence, clock.now())) await eraseIntent(store, entry);
  });
  await each(AT.turns, async ({ key, value }) => {
    const mark = markOf(value);
    if (mark !== null && await isDead(ground, mark)) await endDeadTurn(ground, String(key.at(-1)), mark);
  });
}
