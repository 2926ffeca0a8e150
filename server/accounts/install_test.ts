import { assertEquals, assertMatch, assertNotEquals, assertRejects } from "@std/assert";
import { ulid } from "@std/ulid";
import { FakeClock } from "../effects/fake_clock.ts";
import { GatehouseError } from "../errors/mod.ts";
import { StorageStartError } from "../storage/mod.ts";
import { memoryStore, withFaults } from "../storage/testing.ts";
import { openInstall } from "./install.ts";

Deno.test("openInstall() makes the install once: later starts and all processes use it", async () => {
  const clock = new FakeClock();
  const store = await memoryStore({ clock });
  const open = () => openInstall({ store, newId: ulid, clock });
  const together = await Promise.all([open(), open(), open()]);
  clock.jump(5_000);
  const later = await open();
  for (const install of together) assertEquals(install, later);
  assertMatch(later.id, /^[0-9A-Z]{26}$/);
  assertEquals(later.createdAt, clock.now() - 5_000);
  store.close();
});

Deno.test("openInstall() on another store is another install", async () => {
  const clock = new FakeClock();
  const [one, two] = [await memoryStore(), await memoryStore()];
  const ids = await Promise.all([one, two].map((store) => openInstall({ store, newId: ulid, clock })));
  assertNotEquals(ids[0]?.id, ids[1]?.id);
  one.close();
  two.close();
});

Deno.test("openInstall() after a lost answer finds what was made", async () => {
  const clock = new FakeClock();
  const store = await memoryStore();
  const faulty = withFaults(store, clock);
  faulty.fail({ kind: "answer_lost" }, { calls: ["commit"], times: 1 });
  await assertRejects(
    () => openInstall({ store: faulty, newId: () => "01AAAAAAAAAAAAAAAAAAAAAAAA", clock }),
    GatehouseError,
  );
  assertEquals((await openInstall({ store, newId: ulid, clock })).id, "01AAAAAAAAAAAAAAAAAAAAAAAA");
  store.close();
});

Deno.test("openInstall() never overwrites a record that it cannot read", async () => {
  const clock = new FakeClock();
  const store = await memoryStore();
  await openInstall({ store, newId: ulid, clock });
  for (const value of ["", null, {}, { id: "", createdAt: 1 }, { id: "x" }]) {
    await store.commit({ puts: [{ key: ["install"], value }] });
    await assertRejects(() => openInstall({ store, newId: ulid, clock }), StorageStartError);
    assertEquals((await store.get(["install"]))?.value, value);
  }
  store.close();
});
