import { assert, assertEquals, assertRejects } from "@std/assert";
import { settle } from "../../effects/fake_clock.ts";
import { systemClock } from "../../effects/mod.ts";
import { GatehouseError } from "../../errors/mod.ts";
import type { Change, Store } from "../../storage/mod.ts";
import { withFaults } from "../../storage/testing.ts";
import { eraserOf } from "./erase_user.ts";
import {
  allMessages,
  begin,
  demandSound,
  exchange,
  keysIn,
  libraryTest,
  OTHER,
  type Process,
  SAID,
  texts,
  USER,
} from "./library_fixture.ts";

/** A store that keeps what is committed through it. */
function watched(inner: Store, changes: Change[]): Store {
  return {
    ...inner,
    commit: (change) => {
      changes.push(change);
      return inner.commit(change);
    },
  };
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  while (!await holds()) await settle();
}

function demandBounded(changes: readonly Change[]): void {
  for (const { checks = [], puts = [], deletes = [] } of changes) {
    assert(checks.length <= 100 && deletes.length <= 500 && puts.length + deletes.length <= 1_000);
  }
}

/** A session of `2 * turns` messages; the store's own puts make it quick. */
async function longSession(process: Process, turns: number) {
  let session = await exchange(process, { content: "0" });
  for (let i = 1; i < turns; i++) session = await exchange(process, { session, content: `${i}`, text: "r".repeat(50) });
  return session;
}

libraryTest("a session of 2,000 messages goes in bounded commits, and on after a fault", async (world, one) => {
  const changes: Change[] = [];
  const session = await longSession(one, 1_000);
  const turn = await begin(one, { session });
  const other = await exchange(one, { userId: OTHER });
  const two = await world.process((store) => watched(store, changes));
  assertEquals(await two.library.remove(OTHER, session.id), false);
  for (const commits of [1, 2]) {
    two.store.fail({ kind: "unavailable" }, { calls: ["commit"] });
    const left = (await keysIn(world)).length;
    await assertRejects(() => two.library.remove(USER, session.id), GatehouseError);
    assertEquals((await keysIn(world)).length, left, `nothing is gone (${commits})`);
    two.store.heal();
  }
  assertEquals(await two.library.remove(USER, session.id), true);
  assertEquals(await two.library.remove(USER, session.id), false);
  demandBounded(changes);
  assertEquals(new Set((await keysIn(world)).map((key) => key[1])), new Set([OTHER, other.id]));
  await assertRejects(() => one.library.finish(turn, SAID), GatehouseError, "deleted");
  assertEquals(await texts(one, session), []);
});

libraryTest("a deletion that a fault cuts off is decided, and ended by resume()", async (world, one) => {
  const session = await longSession(one, 700);
  const two = await world.process((store) => {
    let commits = 0;
    return {
      ...store,
      commit: async (change) => {
        if (commits++ >= 2) throw new GatehouseError("storage_unavailable", "Cannot commit: the test says so.");
        return await store.commit(change);
      },
    };
  });
  assertEquals(await two.library.remove(USER, session.id), true);
  assertEquals(await one.library.open(USER, session.id), null);
  assert((await keysIn(world)).length > 800);
  await one.library.resume();
  assertEquals(await keysIn(world), []);
});

libraryTest(
  "removeAllOf() and eraserOf() delete all that is a user's, and what was begun before",
  async (world, one) => {
    const kept = await exchange(one, { userId: OTHER });
    const before = (await keysIn(world)).length;
    const erase = eraserOf({ store: world.store, clock: systemClock });
    for (const work of [(userId: string) => one.library.removeAllOf(userId), erase]) {
      const userId = work === erase ? USER : `${USER}2`;
      for (let i = 0; i < 5; i++) await exchange(one, { userId, content: "c".repeat(i * 200_000) });
      await one.library.create(userId, { tools: [{ name: "f", description: "d".repeat(100_000) }] });
      await begin(one, { userId });
      await world.store.commit({
        puts: [{ key: ["conversation_erasing", userId, "01GONE"], value: { v: 1 } }, {
          key: ["message", "01GONE", "a"],
          value: 1,
        }],
      });
      await work(userId);
      assertEquals((await keysIn(world)).length, before);
      await work(userId);
    }
    assertEquals((await texts(one, kept)).length, 2);
  },
);

libraryTest("no session is made once its user is being removed, however late a request comes", async (world, one) => {
  const session = await exchange(one);
  const tools = [{ name: "f", description: "d".repeat(100_000) }];
  const late = [
    () => one.library.create(USER, {}),
    () => one.library.create(USER, { tools }),
    () => begin(one, { content: "c".repeat(1_000_000) }),
  ];
  // The sessions are there when their user's are looked for.
  const slow = withFaults(world.store, systemClock);
  slow.fail({ kind: "hang" }, { calls: ["list"] });
  void eraserOf({ store: slow, clock: systemClock })(USER);
  await until(async () => await world.store.get(["conversation_gone", USER]) !== null);
  for (const [erased, refused] of [[false, 1], [true, 0]] as const) {
    if (erased) await one.library.removeAllOf(USER);
    for (const make of late) {
      const error = await assertRejects(make, GatehouseError, "Cannot make this session: its user was removed");
      assertEquals(error.code, "not_found");
    }
    assertEquals((await keysIn(world)).filter(([root]) => root === "conversation").length, refused);
    if (!erased) assertEquals((await texts(one, session)).length, 2);
  }
  assertEquals(await keysIn(world), []);
  assertEquals((await exchange(one, { userId: OTHER })).messageCount, 2);
});

libraryTest("removeAllOf() says when it failed, and goes on from there", async (world, one) => {
  for (let i = 0; i < 3; i++) await exchange(one);
  const store = withFaults(world.store, systemClock);
  store.fail({ kind: "unavailable" }, { calls: ["commit"] });
  const erase = eraserOf({ store, clock: world.clock });
  await assertRejects(() => erase(USER), GatehouseError);
  store.heal();
  await erase(USER);
  assertEquals(await keysIn(world), []);
});

libraryTest(
  "replace_from goes on from before any message; what it replaces is never seen again",
  async (world, one) => {
    const wholes = ["q0", "a0", "q1", "a1", "q2", "a2"];
    for (const [at, _] of wholes.entries()) {
      let session = await exchange(one, { content: "q0", text: "a0" });
      for (const n of [1, 2]) session = await exchange(one, { session, content: `q${n}`, text: `a${n}` });
      const messages = await allMessages(one, session);
      const replaceFrom = messages[at]?.id;
      assert(replaceFrom);
      const turn = await begin(one, { session, content: "new", replaceFrom });
      assertEquals(turn.session.messageCount, at + 1);
      const wanted = [...wholes.slice(0, at), "new"];
      // Before and after the erasing, whichever it is by now.
      assertEquals(await texts(one, session), wanted);
      await one.library.resume();
      assertEquals(await texts(one, session), wanted);
      for (const { id } of messages.slice(at)) assertEquals(await one.library.message(session, id), null);
      const done = await one.library.finish(turn, SAID);
      assertEquals(done.session.messageCount, at + 2);
      const error = await begin(one, { session, replaceFrom }).then(() => null, (error) => error);
      assertEquals([error?.code, error?.param], ["not_found", "replace_from"]);
      assertEquals((await exchange(one, { session })).messageCount, at + 4);
    }
    await demandSound(world, one);
  },
);

libraryTest(
  "what was replaced is unseen while it cannot be erased, and the next replacement erases it",
  async (world, one) => {
    let session = await longSession(one, 5);
    const [first, second, , fourth] = await allMessages(one, session);
    assert(first && second && fourth);
    const erasing = (change: Change) => change.deletes?.some(([root]) => root === "message");
    let broken = true;
    const two = await world.process((store) => ({
      ...store,
      commit: async (change) => {
        if (broken && erasing(change)) {
          throw new GatehouseError(
            "storage_unavailable",
            "Cannot commit: the test says so.",
          );
        }
        return await store.commit(change);
      },
    }));
    const turn = await begin(two, { session, content: "new", replaceFrom: fourth.id });
    await two.library.resume();
    session = (await two.library.finish(turn, SAID)).session;
    assertEquals(await texts(two, session), ["0", "An answer", "1", "new", "An answer"]);
    assert((await Array.fromAsync(world.store.list(["message", session.id]))).length > session.messageCount);
    for (const limit of [1, 2, 3, 4, 5, 6]) {
      const pages: string[] = [];
      for (let cursor: string | null = null, more = true; more;) {
        const page = await two.library.history(session, { limit, cursor });
        pages.unshift(page.items.map(({ content }) => content).join());
        assert(page.items.length === limit || page.nextCursor === null);
        cursor = page.nextCursor;
        more = cursor !== null;
      }
      assertEquals(pages.join(), "0,An answer,1,new,An answer");
    }
    await assertRejects(() => begin(two, { session, content: "newer", replaceFrom: second.id }), GatehouseError);
    broken = false;
    session = await exchange(two, { session, content: "newer", replaceFrom: second.id });
    assertEquals(await texts(two, session), ["0", "newer", "An answer"]);
    await two.library.resume();
    await demandSound(world, two);
  },
);

libraryTest("rest() waits for what a turn has replaced, which is erased behind it", async (world, one) => {
  const gate = Promise.withResolvers<void>();
  const slow = await world.process((store): Store => ({
    ...store,
    async commit(change) {
      if (change.deletes?.some(([root]) => root === "message")) await gate.promise;
      return await store.commit(change);
    },
  }));
  const session = await exchange(one);
  const [first] = await allMessages(one, session);
  const turn = await begin(slow, { session, replaceFrom: first?.id ?? "" });
  let isOver = false;
  const resting = slow.library.rest().then(() => isOver = true);
  await settle();
  assertEquals(isOver, false);
  gate.resolve();
  await resting;
  assertEquals((await keysIn(world)).filter(([root]) => root === "conversation_erasing"), []);
  await slow.library.finish(turn, SAID);
  await demandSound(world, one);
});
