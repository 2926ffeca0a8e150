import { assert, assertEquals, assertRejects } from "@std/assert";
import { outcome, PASSWORD, usersFixture } from "./users_fixture.ts";
import type { Users } from "./users.ts";

/** Everything that could show that a user is there. */
async function traces(users: Users, id: string): Promise<unknown[]> {
  const { items } = await users.list({ limit: 200, cursor: null });
  const login = await outcome(users.authenticate({ username: "ann", password: PASSWORD, address: null }));
  return [await users.get(id), await users.find("ann"), await users.current(id), items, await users.any(), login];
}

const GONE = [null, null, null, [], false, "invalid_credentials"];

/** Erasers that count their calls, of which one fails as long as it is told to. */
function twoErasers() {
  const state = { calls: [] as string[], failing: null as "keys" | "tokens" | null };
  const eraser = (name: "keys" | "tokens") => (id: string) => {
    state.calls.push(`${name} ${id}`);
    return state.failing === name ? Promise.reject(new Error(`${name} fail`)) : Promise.resolve();
  };
  return { state, erasers: [eraser("keys"), eraser("tokens")] };
}

Deno.test("remove() leaves nothing of a user in the store, and the name is free", async () => {
  const { state, erasers } = twoErasers();
  await using fixture = await usersFixture({ erasers });
  const { users, store } = fixture;
  const { id } = await users.create({ username: "ann", password: PASSWORD });
  await users.current(id);
  await users.remove(id);
  assertEquals(state.calls, [`keys ${id}`, `tokens ${id}`]);
  assertEquals(await Array.fromAsync(store.list([])), []);
  assertEquals(await traces(users, id), GONE);
  assertEquals(await outcome(users.remove(id)), "not_found");
  assertEquals(await outcome(users.change(id, { role: "admin" })), "not_found");
  await users.create({ username: "ann", password: PASSWORD });
});

Deno.test("nobody finds a user any more when the erasers begin", async () => {
  const seen: unknown[] = [];
  await using fixture = await usersFixture({
    erasers: [async (id) => void seen.push(...await traces(fixture.users, id))],
  });
  const { id } = await fixture.users.create({ username: "ann", password: PASSWORD });
  await fixture.users.current(id);
  await fixture.users.remove(id);
  assertEquals(seen, GONE);
});

Deno.test("a removal that a failing eraser cuts off is ended by resumeRemovals(), or by asking again", async () => {
  for (const failing of ["keys", "tokens"] as const) {
    for (const end of ["resume", "remove"] as const) {
      const { state, erasers } = twoErasers();
      await using fixture = await usersFixture({ erasers });
      const { users, open, store } = fixture;
      const { id } = await users.create({ username: "ann", password: PASSWORD });
      state.failing = failing;
      await assertRejects(() => users.remove(id), Error, `${failing} fail`);
      assertEquals(await traces(users, id), GONE);

      await open().resumeRemovals(); // fails again, and leaves it for the next time
      state.failing = null;
      state.calls.length = 0;
      if (end === "resume") await open().resumeRemovals();
      else await open().remove(id);
      assertEquals(state.calls, [`keys ${id}`, `tokens ${id}`]);
      assertEquals(await Array.fromAsync(store.list([])), []);
    }
  }
});

Deno.test("a removal whose commit fails, or whose answer is lost, is whole after a restart: all or nothing", async () => {
  for (const kind of ["unavailable", "answer_lost"] as const) {
    for (const commit of [1, 2]) {
      const { state, erasers } = twoErasers();
      let calls = 0;
      await using fixture = await usersFixture({ erasers });
      const { store, open } = fixture;
      const { id } = await fixture.users.create({ username: "ann", password: PASSWORD });
      // The process dies at this commit: nothing after it happens.
      const dying = open({
        store: {
          ...store,
          async commit(change) {
            if (++calls !== commit) return await store.commit(change);
            if (kind === "answer_lost") await store.commit(change);
            throw new Error("died");
          },
        },
      });
      await assertRejects(() => dying.remove(id), Error, "died");

      const restarted = open();
      await restarted.resumeRemovals();
      const untouched = kind === "unavailable" && commit === 1;
      if (untouched) {
        assertEquals((await restarted.find("ann"))?.id, id);
        assertEquals(state.calls, []);
        await restarted.remove(id);
      }
      assertEquals(await traces(restarted, id), GONE);
      assertEquals(await Array.fromAsync(store.list([])), []);
      assert(state.calls.includes(`tokens ${id}`));
    }
  }
});

Deno.test("resumeRemovals() ends every removal that can be ended, and harms no user", async () => {
  let broken = "";
  let resumed = false;
  await using fixture = await usersFixture({
    erasers: [(id) => !resumed || id === broken ? Promise.reject(new Error("fails")) : Promise.resolve()],
  });
  const { users, store } = fixture;
  const ids: string[] = [];
  for (const username of ["a", "b", "c"]) ids.push((await users.create({ username, password: PASSWORD })).id);
  const stays = await users.create({ username: "d", password: PASSWORD });
  for (const id of ids) await outcome(users.remove(id)).catch(() => {});
  broken = ids[0] ?? "";
  resumed = true;
  await users.resumeRemovals();
  const left = (await Array.fromAsync(store.list(["user", "leaving"]))).map(({ key }) => key.at(-1));
  assertEquals(left, [broken]);
  assertEquals((await users.list({ limit: 10, cursor: null })).items, [stays]);
});

Deno.test("a user whom two remove at the same time is removed once, and a change beside it brings nobody back", async () => {
  await using fixture = await usersFixture();
  const { users, open, store } = fixture;
  const { id } = await users.create({ username: "ann", password: PASSWORD });
  const work = [
    users.remove(id),
    open().remove(id),
    users.change(id, { role: "admin" }),
    open().setPassword(id, PASSWORD),
  ];
  const outcomes = await Promise.all(work.map(outcome));
  assert(outcomes.every((one) => one === "ok" || one === "not_found"), outcomes.join());
  assert(outcomes.includes("ok"));
  assertEquals(await Array.fromAsync(store.list([])), []);
});
