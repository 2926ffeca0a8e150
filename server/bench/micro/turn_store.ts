import { monotonicUlid } from "@std/ulid";
import { LOCAL_USER } from "../../accounts/mod.ts";
import { openConversations } from "../../conversations/mod.ts";
import { FakeModel } from "../../conversations/turns/fake_model_fixture.ts";
import { systemClock } from "../../effects/mod.ts";
import { memoryLocks, memoryStore } from "../../storage/testing.ts";
import { silentLogger } from "../../telemetry/mod.ts";

/** How often one turn asks the store. */
export interface TurnStoreCalls {
  readonly gets: number;
  readonly lists: number;
  readonly commits: number;
}

/** Counts what the conversations ask of their store in one turn of a session that is there; metering is not in it. */
export async function countTurnStoreCalls(): Promise<TurnStoreCalls> {
  const store = await memoryStore();
  const { inference, upstream, models, calls } = new FakeModel();
  const conversations = await openConversations({
    store,
    locks: memoryLocks(systemClock),
    resolve: () => ({ upstream, models }),
    inference: { ...inference, bytes: nobodyAsks, idle: nobodyAsks, endAll: nobodyAsks, open: 0 },
    clock: systemClock,
    newId: () => monotonicUlid(Date.now()),
    log: silentLogger,
  });
  try {
    const sessionId = await turn(null);
    const before = counts();
    await turn(sessionId);
    const after = counts();
    return {
      gets: after.gets - before.gets,
      lists: after.lists - before.lists,
      commits: after.commits - before.commits,
    };
  } finally {
    await conversations.close();
    store.close();
  }

  async function turn(sessionId: string | null): Promise<string> {
    const { turns } = conversations;
    const signal = new AbortController().signal;
    const wish = { who: LOCAL_USER, content: "A question", grace: null, headers: [], startedAt: 0, log: silentLogger };
    const turn = await turns.begin({ ...wish, sessionId, signal });
    calls.at(-1)?.say("An answer");
    calls.at(-1)?.finish();
    await turn.ended;
    return turn.sessionId;
  }

  function counts(): TurnStoreCalls {
    return { gets: store.count("get"), lists: store.count("list"), commits: store.count("commit") };
  }
}

function nobodyAsks(): never {
  throw new TypeError("A turn asks for events alone");
}
