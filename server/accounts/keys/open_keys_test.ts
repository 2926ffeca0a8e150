import { assert, assertEquals, assertMatch, assertNotEquals } from "@std/assert";
import fc from "fast-check";
import { AT } from "./key_record.ts";
import type { ApiKey, KeyChange, Keys, NewKey } from "./keys.ts";
import { install, outcome, textOf } from "./keys_fixture.ts";

async function pages(keys: Keys, userId: string | null, limit: number): Promise<ApiKey[][]> {
  const all: ApiKey[][] = [];
  let cursor: string | null = null;
  do {
    const page = await keys.list(userId, { limit, cursor });
    all.push([...page.items]);
    cursor = page.nextCursor;
  } while (cursor !== null);
  return all;
}

const LIMITED = {
  models: ["a", "b"],
  rpm: 1,
  tpm: 2,
  budget: { amountMicros: 0, period: "day" },
  expiresAt: Date.UTC(2030, 0),
} as const;

Deno.test("create() shows the key once, and get() gives all but its secret", async () => {
  await using gate = await install();
  const { key, secret } = await gate.keys.create({ userId: "local", name: "laptop", ...LIMITED });
  assertMatch(secret.reveal(), /^gh_[0-9A-Za-z]{12}_[0-9A-Za-z]{43}$/);
  assertEquals(key, {
    id: key.id,
    userId: "local",
    name: "laptop",
    start: secret.reveal().slice(0, 15),
    models: ["a", "b"],
    limits: { rpm: 1, tpm: 2, budget: { amountMicros: 0, period: "day" } },
    disabled: false,
    expiresAt: LIMITED.expiresAt,
    lastUsedAt: null,
    createdAt: gate.clock.now(),
  });
  assertEquals(await gate.replica().keys.get(key.id), key);
  assertEquals(await gate.keys.get("01ARZ3NDEKTSV4RRFFQ69G5FAV"), null);
});

Deno.test("create() draws again when a prefix is taken", async () => {
  let draws = 0;
  // The same bytes for the first two keys: 12 for a prefix and 43 for a secret each.
  const random = (length: number) => new Uint8Array(length).fill(draws++ < 4 ? 1 : 2);
  await using gate = await install({ random });
  const one = await gate.keys.create({ userId: "u", name: "one" });
  const two = await gate.keys.create({ userId: "u", name: "two" });
  assertEquals([one.key.start, two.key.start], ["gh_111111111111", "gh_222222222222"]);
  assertEquals((await gate.keys.verify(one.secret)).name, "one");
  assertEquals((await pages(gate.keys, "u", 10)).flat().map(({ name }) => name), ["one", "two"]);
});

Deno.test("create() that fails leaves nothing of a key, or all of it", async () => {
  await using gate = await install();
  gate.store.fail({ kind: "unavailable" }, { calls: ["commit"], times: 1 });
  assertEquals(await outcome(() => gate.keys.create({ userId: "u", name: "k" })), "storage_unavailable");
  assertEquals(await textOf(gate.store), "");
  gate.store.fail({ kind: "answer_lost" }, { calls: ["commit"], times: 1 });
  assertEquals(await outcome(() => gate.keys.create({ userId: "u", name: "k" })), "storage_unavailable");
  const [found] = (await pages(gate.keys, "u", 10)).flat();
  await gate.keys.revoke(found?.id ?? "");
  assertEquals(await textOf(gate.store), "");
});

const FIELDS: readonly (readonly [string, KeyChange])[] = [
  ["ok", { name: "x".repeat(100) }],
  ["ok", { name: "Ключ Nr. 1 👩‍💻 (laptop)" }],
  ["invalid_field name", { name: "" }],
  ["invalid_field name", { name: "  " }],
  ["invalid_field name", { name: "x".repeat(101) }],
  ["invalid_field name", { name: "a\nb" }],
  ["invalid_field name", { name: "a\u001b[31m" }],
  ["invalid_field name", { name: "a\u202eb" }],
  ["invalid_field name", { name: "\ud800" }],
  ["ok", { models: null }],
  ["ok", { models: [] }],
  ["ok", { models: Array(100).fill("m".repeat(200)) }],
  ["ok", { models: Array(100).fill("語".repeat(200)) }],
  ["invalid_field models", { models: Array(101).fill("m") }],
  ["invalid_field models", { models: [""] }],
  ["invalid_field models", { models: ["m".repeat(201)] }],
  ["ok", { rpm: 1, tpm: null }],
  ["invalid_field rpm", { rpm: 0 }],
  ["invalid_field rpm", { rpm: 1.5 }],
  ["invalid_field tpm", { tpm: -1 }],
  ["invalid_field tpm", { tpm: NaN }],
  ["ok", { budget: { amountMicros: 0, period: "day" } }],
  ["ok", { budget: { amountMicros: 2 ** 53 - 1, period: "month" } }],
  ["invalid_field budget", { budget: { amountMicros: 2 ** 53, period: "month" } }],
  ["invalid_field budget", { budget: { amountMicros: -1, period: "month" } }],
  ["invalid_field budget", { budget: { amountMicros: 0.5, period: "month" } }],
  ["ok", { expiresAt: null }],
  ["invalid_field expires_at", { expiresAt: NaN }],
  ["invalid_field expires_at", { expiresAt: 8.64e15 + 1 }],
];

Deno.test("create() and change() take the same fields and refuse the same", async () => {
  await using gate = await install();
  const { key } = await gate.keys.create({ userId: "u", name: "k" });
  for (const [expected, fields] of FIELDS) {
    const wanted: NewKey = { userId: "u", name: "new", ...fields };
    assertEquals([fields, await outcome(() => gate.keys.create(wanted))], [fields, expected]);
    assertEquals([fields, await outcome(() => gate.keys.change(key.id, fields))], [fields, expected]);
  }
});

Deno.test("create() refuses an expiry that has passed; change() ends a key by it", async () => {
  await using gate = await install();
  const now = gate.clock.now();
  const create = (expiresAt: number) => outcome(() => gate.keys.create({ userId: "u", name: "k", expiresAt }));
  assertEquals([await create(now), await create(now - 1)], ["invalid_field expires_at", "invalid_field expires_at"]);
  assertEquals(await create(now + 1), "ok");
  const { key, secret } = await gate.keys.create({ userId: "u", name: "k" });
  await gate.keys.change(key.id, { expiresAt: now });
  assertEquals(await outcome(() => gate.keys.verify(secret)), "invalid_api_key");
});

Deno.test("change() changes what is named and keeps the rest", async () => {
  await using gate = await install();
  const { key } = await gate.keys.create({ userId: "u", name: "k", ...LIMITED });
  assertEquals(await gate.keys.change(key.id, {}), key);
  const named = await gate.keys.change(key.id, { name: "new", rpm: null });
  assertEquals(named, { ...key, name: "new", limits: { ...key.limits, rpm: null } });
  const freed = await gate.keys.change(key.id, { models: null, tpm: null, budget: null, expiresAt: null });
  assertEquals(freed, { ...named, models: null, limits: { rpm: null, tpm: null, budget: null }, expiresAt: null });
  assertEquals(await gate.keys.get(key.id), freed);
  assertEquals(await outcome(() => gate.keys.change("01ARZ3NDEKTSV4RRFFQ69G5FAV", {})), "not_found");
});

Deno.test("changes of several processes at once lose none", async () => {
  await using gate = await install();
  const { key } = await gate.keys.create({ userId: "u", name: "k" });
  const changes: KeyChange[] = [{ name: "new" }, { rpm: 1 }, { tpm: 2 }, { disabled: true }, { models: ["m"] }];
  await Promise.all(changes.map((change) => gate.replica().keys.change(key.id, change)));
  const limits = { rpm: 1, tpm: 2, budget: null };
  assertEquals(await gate.keys.get(key.id), { ...key, name: "new", disabled: true, models: ["m"], limits });
});

Deno.test("a key revoked during a change stays revoked", async () => {
  await using gate = await install();
  const other = gate.replica();
  const { key } = await gate.keys.create({ userId: "u", name: "k" });
  other.store.fail({ kind: "hang" }, { calls: ["commit"] });
  const change = outcome(() => other.keys.change(key.id, { name: "new" }));
  await gate.clock.advance(0);
  await gate.keys.revoke(key.id);
  other.store.heal();
  assertEquals([await change, await textOf(gate.store)], ["not_found", ""]);
});

Deno.test("revoke() leaves nothing of the key, and the others alone", async () => {
  await using gate = await install();
  const gone = await gate.keys.create({ userId: "u", name: "gone" });
  const there = await gate.keys.create({ userId: "u", name: "there" });
  await gate.keys.verify(gone.secret);
  await gate.clock.advance(10_000);
  await gate.keys.revoke(gone.key.id);
  const text = await textOf(gate.store);
  assertEquals([text.includes(gone.key.id), text.includes(gone.key.start.slice(3))], [false, false]);
  assertEquals(await gate.keys.get(gone.key.id), null);
  assertEquals(await outcome(() => gate.keys.revoke(gone.key.id)), "not_found");
  assertEquals((await gate.keys.verify(there.secret)).id, there.key.id);
});

Deno.test("list() pages through the keys of one user or of all, oldest first", async () => {
  await using gate = await install();
  const made: ApiKey[] = [];
  for (let i = 0; i < 9; i++) {
    made.push((await gate.keys.create({ userId: ["u", "uu", "local"][i % 3] ?? "", name: `${i}` })).key);
    await gate.clock.advance(1);
  }
  await fc.assert(fc.asyncProperty(
    fc.integer({ min: 1, max: 12 }),
    fc.constantFrom("u", "uu", "local", "nobody", null),
    async (limit, userId) => {
      const expected = made.filter((key) => userId === null || key.userId === userId);
      const got = await pages(gate.keys, userId, limit);
      assertEquals(got.flat(), expected);
      assertEquals(got.length, Math.max(1, Math.ceil(expected.length / limit)));
    },
  ));
});

Deno.test("list() goes on behind a key that was revoked, and refuses a cursor that is none", async () => {
  await using gate = await install();
  for (const name of ["a", "b", "c", "d"]) await gate.keys.create({ userId: "u", name });
  const { items, nextCursor } = await gate.keys.list("u", { limit: 2, cursor: null });
  assertNotEquals(nextCursor, null);
  for (const { id } of items) await gate.keys.revoke(id);
  const next = await gate.keys.list("u", { limit: 2, cursor: nextCursor });
  assertEquals([next.items.map(({ name }) => name), next.nextCursor], [["c", "d"], null]);
  for (const cursor of ["", "x", nextCursor?.toLowerCase() ?? "", `${nextCursor}0`]) {
    assertEquals(await outcome(() => gate.keys.list("u", { limit: 2, cursor })), "invalid_field cursor");
  }
});

Deno.test("revokeAllOf() revokes the keys of one user in bounded commits, damaged entries too", async () => {
  await using gate = await install();
  const kept = await gate.keys.create({ userId: "uu", name: "kept" });
  const made = await Promise.all(Array.from({ length: 230 }, () => gate.keys.create({ userId: "u", name: "k" })));
  await gate.store.commit({ puts: [{ key: AT.user("u", "odd"), value: { not: "ours" } }] });
  const [first] = made;
  assert(first !== undefined);
  await gate.keys.verify(first.secret);
  const before = gate.store.count("commit");
  await gate.keys.revokeAllOf("u");
  assertEquals(gate.store.count("commit") - before, 3);
  assertEquals(await outcome(() => gate.keys.verify(first.secret)), "invalid_api_key");
  assertEquals((await pages(gate.keys, null, 10)).flat(), [kept.key]);
  await gate.keys.revoke(kept.key.id);
  assertEquals(await textOf(gate.store), "");
});

Deno.test("revokeAllOf() that was cut off is ended by the next one", async () => {
  await using gate = await install();
  await Promise.all(Array.from({ length: 150 }, () => gate.keys.create({ userId: "u", name: "k" })));
  gate.store.fail({ kind: "answer_lost" }, { calls: ["commit"], times: 1 });
  assertEquals(await outcome(() => gate.keys.revokeAllOf("u")), "storage_unavailable");
  const left = (await pages(gate.keys, null, 200)).flat();
  assertEquals([left.length, (await pages(gate.keys, "u", 200)).flat()], [50, left]);
  await gate.keys.revokeAllOf("u");
  assertEquals(await textOf(gate.store), "");
});
