import { assert, assertEquals, assertNotEquals, assertRejects } from "@std/assert";
import { monotonicUlid } from "@std/ulid";
import { FakeClock, settle } from "../effects/fake_clock.ts";
import { GatehouseError } from "../errors/mod.ts";
import { type Locks, openFileLocks, openLeaseLocks } from "../storage/mod.ts";
import { memoryLocks, memoryStore, withFaults } from "../storage/testing.ts";
import { silentLogger } from "../telemetry/mod.ts";
import { openPresence } from "./open_presence.ts";

async function world() {
  const clock = new FakeClock();
  const store = await memoryStore({ clock });
  const newId = () => monotonicUlid(clock.now());
  const open = (locks: Locks) => openPresence({ locks, store, clock, newId, log: silentLogger });
  return { clock, store, open, newId };
}

Deno.test("processes know who of them is alive", async () => {
  const { clock, store, open } = await world();
  const locks = memoryLocks(clock);
  const [one, two] = [await open(locks), await open(locks)];
  assertNotEquals(one.owner, two.owner);
  assert(await one.isAlive(one.owner) && await one.isAlive(two.owner) && await two.isAlive(one.owner));
  for (const nobody of ["", "x", "/", "conversations-0/", "conversations-0/x", "conversations-9/x"]) {
    assertEquals(await two.isAlive(nobody), false);
  }
  await one.close();
  assertEquals([await one.isAlive(one.owner), await two.isAlive(one.owner)], [false, false]);
  const three = await open(locks);
  assertEquals(three.owner.split("/")[0], one.owner.split("/")[0]);
  assertEquals([await two.isAlive(three.owner), await two.isAlive(one.owner)], [true, false]);
  for (const presence of [two, three, three]) await presence.close();
  assertEquals(await Array.fromAsync(store.list(["presence"])), []);
  store.close();
});

Deno.test("a process that died without a word is dead, whoever asks and however many at once", async () => {
  const { clock, store, open } = await world();
  const locks = memoryLocks(clock);
  const [one, two, three] = [await open(locks), await open(locks), await open(locks)];
  const owner = one.owner;
  const record = (await store.get(["presence", "conversations-0"]))?.value;
  await one.close();
  await store.commit({ puts: [{ key: ["presence", "conversations-0"], value: record }] });
  const asked = [two, three, two, three].map((presence) => presence.isAlive(owner));
  // The lock shows only one of them that nobody holds it: the other's answer may be old.
  assert((await Promise.all(asked)).includes(false));
  assertEquals([await two.isAlive(owner), await three.isAlive(owner)], [false, false]);
  assertEquals(locks.isHeld("conversations-0"), false);
  for (const presence of [two, three]) await presence.close();
  store.close();
});

Deno.test("a slot's next holder is not taken for the one before", async () => {
  const { clock, store, open, newId } = await world();
  const locks = memoryLocks(clock);
  const watcher = await open(locks);
  for (const value of [{ v: 1, id: newId() }, 7, null]) {
    await store.commit({ puts: [{ key: ["presence", "conversations-1"], value }] });
    const next = await open(locks);
    assertEquals(await watcher.isAlive(next.owner), true);
    assertEquals(await watcher.isAlive("conversations-1/" + (value as { id?: string } | null)?.id), false);
    await next.close();
  }
  await watcher.close();
  store.close();
});

Deno.test("a process that loses its lease goes on under another name, and knows its old one", async () => {
  const { clock, store, open } = await world();
  const locks = memoryLocks(clock);
  const [one, two] = [await open(locks), await open(locks)];
  const old = one.owner;
  store.fail({ kind: "unavailable" });
  locks.lose("conversations-0");
  await settle();
  assertEquals(one.owner, old);
  store.heal();
  await clock.advance(1_000);
  assertNotEquals(one.owner, old);
  assertEquals([await one.isAlive(old), await one.isAlive(one.owner)], [true, true]);
  assertEquals([await two.isAlive(old), await two.isAlive(one.owner)], [false, true]);
  locks.lose("conversations-0");
  for (const presence of [one, two]) await presence.close();
  assertEquals([clock.pending, locks.isHeld("conversations-0"), locks.isHeld("conversations-1")], [0, false, false]);
  store.close();
});

Deno.test("openPresence() leaves no lock behind when the store fails", async () => {
  const { clock, store, open } = await world();
  const locks = memoryLocks(clock);
  store.fail({ kind: "unavailable" });
  await assertRejects(() => open(locks), GatehouseError);
  assertEquals(locks.isHeld("conversations-0"), false);
  store.close();
});

Deno.test("beside leases a process counts as dead once it was watched for the lease time, by several looks", async () => {
  const { clock, store, newId } = await world();
  const process = async (owner: string) => {
    const view = withFaults(store, clock);
    const locks = openLeaseLocks({ store: view, clock, random: () => 0.5, owner });
    return { view, presence: await openPresence({ locks, store: view, clock, newId, log: silentLogger }) };
  };
  const [one, two] = [await process("one"), await process("two")];
  const { owner } = one.presence;
  for (let seconds = 0; seconds < 40; seconds += 4) {
    assertEquals(await two.presence.isAlive(owner), true);
    await clock.advance(4_000);
  }
  one.view.fail({ kind: "unavailable" });
  await clock.advance(6_000);
  assertEquals(await two.presence.isAlive(owner), true);
  await clock.advance(10_000);
  await two.presence.isAlive(owner);
  await clock.advance(10_000);
  assertEquals(await two.presence.isAlive(owner), false);
  one.view.heal();
  await clock.advance(2_000);
  assertNotEquals(one.presence.owner, owner);
  assertEquals(await two.presence.isAlive(one.presence.owner), true);
  for (const { presence } of [one, two]) await presence.close();
  assertEquals(clock.pending, 0);
  store.close();
});

Deno.test("on files there are as many locks as processes at once", async () => {
  const { clock, store, open } = await world();
  const dir = await Deno.makeTempDir();
  try {
    for (let starts = 0; starts < 5; starts++) {
      const locks = await openFileLocks({ dir, clock });
      const [one, two] = [await open(locks), await open(await openFileLocks({ dir, clock }))];
      assertEquals([await one.isAlive(two.owner), await two.isAlive(one.owner)], [true, true]);
      await one.close();
      assertEquals(await two.isAlive(one.owner), false);
      await two.close();
    }
    assertEquals((await Array.fromAsync(Deno.readDir(`${dir}/locks`))).length, 2);
  } finally {
    await Deno.remove(dir, { recursive: true });
    store.close();
  }
});
