import { assertEquals, assertRejects } from "@std/assert";
import { GatehouseError } from "../../errors/mod.ts";
import type { PageOptions } from "../../accounts/mod.ts";
import { libraryTest, OTHER, type Process, USER } from "./library_fixture.ts";
import { NO_SETTINGS } from "../session.ts";

async function names({ library }: Process, limit: number, search: string | null): Promise<(string | null)[]> {
  const found: (string | null)[] = [];
  for (let page: PageOptions | null = { limit, cursor: null }; page !== null;) {
    const { items, nextCursor } = await library.list(USER, page, search);
    found.push(...items.map(({ name }) => name));
    page = nextCursor === null ? null : { limit, cursor: nextCursor };
  }
  return found;
}

libraryTest("list() gives a user's own sessions, newest first, page by page", async (world, one) => {
  const two = await world.process();
  await one.library.create(OTHER, { name: "not mine" });
  const wanted: string[] = [];
  for (let i = 0; i < 10; i++) {
    world.clock.jump(1);
    const made = await (i % 2 === 0 ? one : two).library.create(USER, { name: `s${i}` });
    wanted.unshift(`s${i}`);
    assertEquals((await two.library.open(USER, made.id))?.session, made);
    assertEquals(await one.library.open(OTHER, made.id), null);
  }
  for (const limit of [1, 3, 9, 10, 11]) assertEquals(await names(one, limit, null), wanted);
  const { items, nextCursor } = await one.library.list(USER, { limit: 10, cursor: null }, "");
  assertEquals([items.length, nextCursor], [10, null]);
});

libraryTest("list() searches names in any case, and stops after 2,000 that do not match", async (world, one) => {
  await one.library.create(USER, { name: "Über Äpfel" });
  const { id } = await one.library.create(USER, { name: "old" });
  const entry = await world.store.get(["conversation", USER, id]);
  for (let batch = 0; batch < 5; batch++) {
    const puts = Array.from({ length: 900 }, (_, i) => ({
      key: ["conversation", USER, `01ZZ${`${batch * 900 + i}`.padStart(22, "0")}`],
      value: entry?.value,
    }));
    await world.store.commit({ puts });
  }
  await one.library.create(USER, {});
  const page = await one.library.list(USER, { limit: 10, cursor: null }, "äpfel");
  assertEquals(page.items, []);
  assertEquals(typeof page.nextCursor, "string");
  assertEquals(await names(one, 10, "ÄPFEL"), ["Über Äpfel"]);
  assertEquals(await names(one, 200, "A\u0308pfel"), ["Über Äpfel"]);
  assertEquals((await names(one, 200, "OLD")).length, 4_501);
  assertEquals(await names(one, 10, "nowhere"), []);
});

libraryTest(
  "list() stops its search after 8 MiB of records that do not match, and goes on from there",
  async (world, one) => {
    await one.library.create(USER, { name: "wanted" });
    const { id } = await one.library.create(USER, { settings: { systemPrompt: "p".repeat(32 * 1024) } });
    const entry = await world.store.get(["conversation", USER, id]);
    for (let batch = 0; batch < 30; batch++) {
      const puts = Array.from({ length: 10 }, (_, i) => ({
        key: ["conversation", USER, `01ZZ${`${batch * 10 + i}`.padStart(22, "0")}`],
        value: entry?.value,
      }));
      await world.store.commit({ puts });
    }
    const { items, nextCursor } = await one.library.list(USER, { limit: 10, cursor: null }, "wanted");
    assertEquals(items, []);
    const left = await one.library.list(USER, { limit: 200, cursor: nextCursor }, null);
    assertEquals([left.items.length, left.nextCursor], [302 - 253, null]);
    assertEquals(await names(one, 10, "wanted"), ["wanted"]);
  },
);

libraryTest("a cursor that is none is refused", async (_, one) => {
  const session = await one.library.create(USER, {});
  for (const cursor of ["", "x", session.id.toLowerCase(), `${session.id}A`]) {
    for (
      const work of [
        () => one.library.list(USER, { limit: 1, cursor }, null),
        () => one.library.history(session, { limit: 1, cursor }),
      ]
    ) {
      const error = await assertRejects(work, GatehouseError);
      assertEquals([error.code, error.param], ["invalid_field", "cursor"]);
    }
  }
});

libraryTest("change() changes what it names, and nothing of another user's", async (_, one) => {
  const { library } = one;
  const session = await library.create(USER, { name: "a", settings: { model: "m", temperature: 0.5 } });
  assertEquals(session.settings, { ...NO_SETTINGS, model: "m", temperature: 0.5 });
  await Promise.all([
    library.change(USER, session.id, { settings: { temperature: null, topP: 0.1 } }),
    library.change(USER, session.id, { name: "b" }),
  ]);
  const changed = (await library.open(USER, session.id))?.session;
  assertEquals([changed?.name, changed?.settings], ["b", { ...NO_SETTINGS, model: "m", topP: 0.1 }]);
  assertEquals((await library.change(USER, session.id, { name: null })).name, null);
  for (
    const work of [
      () => library.change(OTHER, session.id, { name: "c" }),
      () => library.tools(OTHER, session.id),
      () => library.change(USER, "01NOSUCH", {}),
    ]
  ) {
    assertEquals((await assertRejects(work, GatehouseError)).code, "not_found");
  }
});
