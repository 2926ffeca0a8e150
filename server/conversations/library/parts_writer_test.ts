import { assert, assertEquals, assertRejects } from "@std/assert";
import { GatehouseError } from "../../errors/mod.ts";
import type { Store } from "../../storage/mod.ts";
import {
  begin,
  demandSound,
  exchange,
  keysIn,
  libraryTest,
  type Process,
  SAID,
  texts,
  USER,
  type World,
} from "./library_fixture.ts";

const LONG = "l".repeat(2_000_000);

/** A process in which something happens once, right before its commit of this number. */
async function disturbed(world: World, at: number, what: () => Promise<unknown>): Promise<Process> {
  let commits = 0;
  return await world.process((store): Store => ({
    ...store,
    commit: async (change) => {
      if (commits++ === at) await what();
      return await store.commit(change);
    },
  }));
}

libraryTest("a session that is deleted while a long message is written leaves nothing", async (world, one) => {
  for (let at = 0; at < 6; at++) {
    const session = await exchange(one);
    const two = await disturbed(world, at, () => one.library.remove(USER, session.id));
    const error = await assertRejects(() => begin(two, { session, content: LONG }), GatehouseError);
    assertEquals(error.code, "not_found");
    assertEquals(await keysIn(world), []);
  }
});

libraryTest("a writing that takes longer than ten minutes is given up, and leaves nothing", async (world, one) => {
  const session = await exchange(one);
  // Before the first part is there, it would begin anew.
  for (let at = 2; at < 6; at++) {
    const two = await disturbed(world, at, async () => {
      world.clock.jump(601_000);
      await one.library.resume();
    });
    const error = await assertRejects(() => begin(two, { session, content: LONG }), GatehouseError);
    assertEquals(error.code, "storage_unavailable");
    assertEquals((await texts(one, session)).length, 2);
    await demandSound(world, one);
  }
});

libraryTest("resume() leaves alone what a living process is writing", async (world, one) => {
  const session = await exchange(one);
  let looked = 0;
  for (let at = 1; at < 6; at++) {
    const two = await disturbed(world, at, async () => {
      looked++;
      await one.library.resume();
    });
    const turn = await begin(two, { session, content: LONG });
    await two.library.finish(turn, {
      text: "",
      toolCalls: [],
      status: "stopped",
      finishReason: null,
      model: "m",
      bill: null,
      historyFrom: null,
    });
  }
  assert(looked === 5);
  assertEquals((await texts(one, session)).filter((text) => text === LONG).length, 5);
  await demandSound(world, one);
});

libraryTest("a long reply that a failing store has cut off is stored whole when the store is back", async (world) => {
  for (let at = 1; at < 6; at++) {
    const state = { commits: -Infinity, isDown: false };
    const one = await world.process((store): Store => ({
      ...store,
      get: (key) => state.isDown ? Promise.reject(down()) : store.get(key),
      commit: async (change) => {
        if (++state.commits === at) state.isDown = true;
        return state.isDown ? await Promise.reject(down()) : await store.commit(change);
      },
    }));
    const turn = await begin(one);
    state.commits = 0;
    const error = await assertRejects(() => one.library.finish(turn, { ...SAID, text: LONG }), GatehouseError);
    assertEquals(error.code, "storage_unavailable");
    state.isDown = false;
    await one.library.finish(turn, { ...SAID, text: LONG });
    assertEquals(await texts(one, turn.session), ["A question", LONG]);
    world.clock.jump(601_000);
    await one.library.resume();
    await demandSound(world, one);
  }
});

libraryTest("of two that store the same reply one wins, and what it has stored is whole", async (world, one) => {
  for (const length of [100, 100_000, 900_000]) {
    for (let at = 0, isHit = true; isHit; at++) {
      isHit = false;
      const turn = await begin(one);
      const two = await disturbed(world, at, async () => {
        isHit = true;
        await one.library.finish(turn, { ...SAID, text: "1".repeat(length) });
      });
      await two.library.finish(turn, { ...SAID, text: LONG }).catch((error) => assertEquals(error.code, "not_found"));
      if (!isHit) break;
      assertEquals((await texts(one, turn.session)).at(-1) === "1".repeat(length), true);
      await demandSound(world, one);
    }
  }
});

function down(): GatehouseError {
  return new GatehouseError("storage_unavailable", "Cannot go on: the test says so.");
}
