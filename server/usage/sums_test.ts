import { assertEquals, assertRejects } from "@std/assert";
import fc from "fast-check";
import { GatehouseError } from "../errors/mod.ts";
import type { Store } from "../storage/mod.ts";
import { memoryStore } from "../storage/testing.ts";
import { ALL, figures } from "./ledger_fixture.ts";
import type { UsageQuery, UsageSum } from "./ledger.ts";
import { rowKey, type RowPlace, rowValue } from "./stored_row.ts";
import { sumUsage } from "./sums.ts";
import { EMPTY_TALLY, type Tally } from "./tally.ts";

const DAY = "2026-11-20";

function row(place: Partial<RowPlace>, tally: Partial<Tally> = {}): { key: Deno.KvKey; value: unknown } {
  const whole = { day: DAY, userId: "ann", keyId: "", model: "m", shard: "A", ...place };
  return { key: rowKey(whole), value: rowValue({ ...EMPTY_TALLY, requests: 1, ...tally }) };
}

async function withRows(
  puts: readonly { key: Deno.KvKey; value: unknown }[],
  work: (sum: (query?: Partial<UsageQuery>) => Promise<readonly UsageSum[]>, store: Store) => Promise<void>,
): Promise<void> {
  const store = await memoryStore();
  try {
    await store.commit({ puts });
    await work(async (query) => (await sumUsage(store, { ...ALL, ...query })).items, store);
  } finally {
    store.close();
  }
}

const keys = (sums: readonly UsageSum[]) => sums.map(({ key, requests }) => [key, requests]);

const MIXED = [
  row({ shard: "A" }, { prompt: 1, completion: 2, estimated: 1, micros: 5, currency: "USD" }),
  row({ shard: "B" }, { prompt: 10, completion: 20, micros: 50, currency: "USD" }),
  row({ keyId: "k1", model: "n" }, { prompt: 100 }),
  row({ userId: "ben", keyId: "k2", day: "2026-11-21" }, { prompt: 1000 }),
  row({ userId: "ben", day: "2026-11-22", model: "n" }, { prompt: 10_000 }),
];

Deno.test("sums group by model, user, key or day, over the rows of all processes", () =>
  withRows(MIXED, async (sum) => {
    assertEquals(keys(await sum({ groupBy: "model" })), [["m", 3], ["n", 2]]);
    assertEquals(keys(await sum({ groupBy: "user" })), [["ann", 3], ["ben", 2]]);
    assertEquals(keys(await sum({ groupBy: "key" })), [["", 3], ["k1", 1], ["k2", 1]]);
    assertEquals(keys(await sum({ groupBy: "day" })), [[DAY, 3], ["2026-11-21", 1], ["2026-11-22", 1]]);
    assertEquals((await sum({ groupBy: "model" })).map(figures), [[3, 1011, 22, 1, 55], [2, 10_100, 0, 0, null]]);
  }));

Deno.test("one user's sums hold that user's calls alone", () =>
  withRows([...MIXED, row({ userId: "anna" }), row({ userId: "an" })], async (sum) => {
    assertEquals(keys(await sum({ userId: "ann", groupBy: "user" })), [["ann", 3]]);
    assertEquals(keys(await sum({ userId: "ben", groupBy: "day" })), [["2026-11-21", 1], ["2026-11-22", 1]]);
    assertEquals(await sum({ userId: "carl" }), []);
  }));

Deno.test("a range holds its first and its last day, for all and for one user", () =>
  withRows(MIXED, async (sum) => {
    for (const userId of [null, "ben"]) {
      const requests = async (from: string, to: string) =>
        (await sum({ userId, groupBy: "day", from, to })).map(({ key }) => key);
      assertEquals(await requests("2026-11-21", "2026-11-21"), ["2026-11-21"]);
      assertEquals(await requests("2026-11-21", "2026-11-22"), ["2026-11-21", "2026-11-22"]);
      assertEquals(await requests("2026-11-22", "2026-11-22"), ["2026-11-22"]);
      assertEquals(await requests("2026-11-23", "9999-12-31"), []);
      assertEquals(await requests("2026-11-22", "2026-11-21"), []);
      assertEquals((await requests("0000-01-01", "9999-12-31")).at(-1), "2026-11-22");
    }
  }));

Deno.test("of two currencies in a group only the latest one's cost is told", () =>
  withRows([
    row({ shard: "B" }, { micros: 5, currency: "USD" }),
    row({ shard: "C" }, { micros: 7, currency: "EUR" }),
    row({ shard: "D" }),
    row({ shard: "A", day: "2026-11-21" }, { micros: 11, currency: "EUR" }),
    row({ shard: "A", day: "2026-11-21", userId: "zoe" }, { micros: 0, currency: "CHF" }),
    row({ shard: "9", day: "2026-11-22", userId: "ben" }, { micros: 13, currency: "USD" }),
  ], async (sum) => {
    assertEquals((await sum({ userId: "ann" })).map(({ requests, cost }) => [requests, cost]), [
      [4, { micros: 18, currency: "EUR" }],
    ]);
    assertEquals((await sum())[0]?.cost, { micros: 18, currency: "USD" });
    assertEquals((await sum({ userId: "ann", to: DAY }))[0]?.cost, { micros: 7, currency: "EUR" });
    assertEquals((await sum({ userId: "zoe" }))[0]?.cost, { micros: 0, currency: "CHF" });
  }));

Deno.test("what is no row of ours is passed over", () =>
  withRows([
    row({}),
    { key: ["usage", DAY], value: 1 },
    { key: ["usage", DAY, "ann", 7, "m", "A"], value: row({}).value },
    ...["x", null, {}, { requests: "1" }, { ...EMPTY_TALLY, prompt: NaN }].map((value, i) => ({
      key: row({ shard: `S${i}` }).key,
      value,
    })),
    { key: row({ shard: "T" }).key, value: { ...EMPTY_TALLY, requests: 1, micros: 5 } },
    { key: ["usages", DAY, "ann", "", "m", "A"], value: row({}).value },
  ], async (sum) => {
    assertEquals((await sum()).map(figures), [[2, 0, 0, 0, null]]);
    assertEquals((await sum({ userId: "ann" })).map(figures), [[2, 0, 0, 0, null]]);
  }));

Deno.test("pages of any size give every group once, in the order of their keys", async () => {
  const names = fc.uniqueArray(fc.string({ unit: "grapheme", maxLength: 6 }), { maxLength: 20 });
  await fc.assert(
    fc.asyncProperty(
      names,
      fc.integer({ min: 1, max: 7 }),
      (models, limit) =>
        withRows(models.map((model) => row({ model: model.toWellFormed() })), async (sum, store) => {
          const found: UsageSum[] = [];
          let cursor: string | null = null;
          do {
            const page: Awaited<ReturnType<typeof sumUsage>> = await sumUsage(store, { ...ALL, limit, cursor });
            assertEquals(page.items.length, Math.min(limit, models.length - found.length));
            found.push(...page.items);
            cursor = page.nextCursor;
          } while (cursor !== null);
          assertEquals(found, await sum({ limit: 1000 }));
          assertEquals(found.map(({ key }) => key), [...models].sort());
        }),
    ),
    { numRuns: 30 },
  );
});

Deno.test("a cursor may stand after the group without a key", () =>
  withRows(MIXED, async (_sum, store) => {
    const query = { ...ALL, groupBy: "key", limit: 1 } as const;
    const first = await sumUsage(store, query);
    assertEquals([keys(first.items), typeof first.nextCursor], [[["", 3]], "string"]);
    assertEquals(keys((await sumUsage(store, { ...query, cursor: first.nextCursor })).items), [["k1", 1]]);
  }));

Deno.test("a cursor that is none of ours is refused by its name", () =>
  withRows(MIXED, async (sum) => {
    for (const cursor of ["", "!", "a", "eA", "gICA", "__"]) {
      const error = await assertRejects(() => sum({ cursor }), GatehouseError, "cursor");
      assertEquals([error.code, error.param], ["invalid_field", "cursor"]);
    }
  }));
