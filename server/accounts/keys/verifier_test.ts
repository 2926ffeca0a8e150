import { assert, assertEquals, assertNotEquals, assertRejects, assertStrictEquals } from "@std/assert";
import fc from "fast-check";
import { GatehouseError } from "../../errors/mod.ts";
import { Secret } from "../../secrets/mod.ts";
import { AT } from "./key_record.ts";
import { install, outcome, type Replica, textOf } from "./keys_fixture.ts";

const ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const GUESS = new Secret(`gh_${"0".repeat(12)}_${"0".repeat(43)}`);
const judged = ({ keys }: Replica, secret: Secret) => outcome(() => keys.verify(secret));

Deno.test("verify() knows the key that was made, at once from the second time on", async () => {
  await using gate = await install();
  const { key, secret } = await gate.keys.create({ userId: "local", name: "mine", models: ["m"], rpm: 3 });
  const first = await gate.keys.verify(secret);
  assertEquals({ ...first, lastUsedAt: null }, key);
  const reads = gate.store.count("get");
  assertStrictEquals(gate.keys.verify(secret), first);
  assertEquals(gate.store.count("get"), reads);
});

Deno.test("verify() refuses a key with any one character changed", async () => {
  await using gate = await install();
  const { secret } = await gate.keys.create({ userId: "u", name: "mine" });
  const text = secret.reveal();
  const place = fc.integer({ min: 0, max: text.length - 1 });
  const letter = fc.oneof(fc.constantFrom(...ALPHABET, "_", "-", ""), fc.string({ minLength: 1, maxLength: 2 }));
  await fc.assert(fc.asyncProperty(place, letter, async (at, by) => {
    fc.pre(text.charAt(at) !== by);
    assertEquals(await judged(gate, new Secret(text.slice(0, at) + by + text.slice(at + 1))), "invalid_api_key");
  }));
  for (let at = 0; at < text.length; at++) {
    const other = text.charAt(at) === "x" ? "y" : "x";
    const changed = new Secret(text.slice(0, at) + other + text.slice(at + 1));
    assertEquals([at, await judged(gate, changed)], [at, "invalid_api_key"]);
  }
  assertEquals(await judged(gate, secret), "ok");
});

Deno.test("verify() tells every refusal alike", async () => {
  await using gate = await install();
  const { keys, clock } = gate;
  const make = async (expiresAt: number | null = null) => await keys.create({ userId: "u", name: "k", expiresAt });
  const [revoked, disabled, expired, good] = [await make(), await make(), await make(clock.now() + 1), await make()];
  await keys.revoke(revoked.key.id);
  await keys.change(disabled.key.id, { disabled: true });
  await clock.advance(1);
  const wrong = new Secret(`${good.key.start}_${"0".repeat(43)}`);
  const messages = new Set<string>();
  for (const secret of [revoked.secret, disabled.secret, expired.secret, wrong, GUESS, new Secret("gh_x")]) {
    const error = await assertRejects(async () => await keys.verify(secret), GatehouseError);
    messages.add(`${error.status} ${error.code} ${error.message}`);
  }
  assertEquals([...messages], [
    "401 invalid_api_key Cannot answer this request: the API key is unknown, expired or revoked; use one that is valid",
  ]);
});

Deno.test("verify() refuses what has no key's form without a read", async () => {
  await using gate = await install();
  const { secret } = await gate.keys.create({ userId: "u", name: "k" });
  const text = secret.reveal();
  const reads = gate.store.count("get");
  const odd = [
    "",
    "gh_",
    `${text}x`,
    text.slice(1),
    ` ${text}`,
    `${text}\n`,
    text.replace("gh_", "GH_"),
    text.slice(0, 15),
  ];
  for (const shown of [...odd, `gh_${"é".repeat(12)}_${"0".repeat(43)}`, "x".repeat(1_000_000)]) {
    assertEquals(await judged(gate, new Secret(shown)), "invalid_api_key");
  }
  assertEquals(gate.store.count("get"), reads);
});

Deno.test("verify() refuses a key from its expiry on, by the wall clock", async () => {
  await using gate = await install();
  const { keys, clock } = gate;
  const { key, secret } = await keys.create({ userId: "u", name: "k", expiresAt: clock.now() + 500 });
  await keys.verify(secret);
  clock.jump(499);
  assertEquals(await judged(gate, secret), "ok");
  clock.jump(1);
  assertEquals(await judged(gate, secret), "invalid_api_key");
  await keys.change(key.id, { expiresAt: null });
  assertEquals(await judged(gate, secret), "ok");
});

Deno.test("verify() sees revocation and changes by this process at once", async () => {
  await using gate = await install();
  const { keys } = gate;
  const { key, secret } = await keys.create({ userId: "u", name: "k" });
  await keys.verify(secret);
  await keys.change(key.id, { disabled: true });
  assertEquals(await judged(gate, secret), "invalid_api_key");
  await keys.change(key.id, { disabled: false, models: ["small"] });
  assertEquals((await keys.verify(secret)).models, ["small"]);
  await keys.revoke(key.id);
  assertEquals(await judged(gate, secret), "invalid_api_key");
});

Deno.test("verify() sees revocation and changes by another process within a second, however often it is asked", async () => {
  for (const pause of [1000, 100]) {
    await using gate = await install();
    const { keys, clock } = gate;
    const other = gate.replica();
    const one = await keys.create({ userId: "u", name: "one" });
    const two = await keys.create({ userId: "u", name: "two" });
    const three = await keys.create({ userId: "u", name: "three" });
    for (const { secret } of [one, two, three]) await other.keys.verify(secret);
    await keys.revoke(one.key.id);
    await keys.change(two.key.id, { disabled: true });
    await keys.change(three.key.id, { rpm: 7 });
    for (let passed = 0; passed < 1000; passed += pause) {
      await clock.advance(pause);
      for (const { secret } of [one, two, three]) await judged(other, secret);
    }
    assertEquals(await judged(other, one.secret), "invalid_api_key");
    assertEquals(await judged(other, two.secret), "invalid_api_key");
    assertEquals((await other.keys.verify(three.secret)).limits.rpm, 7);
    await keys.change(two.key.id, { disabled: false });
    await clock.advance(1000);
    assertEquals(await judged(other, two.secret), "ok");
  }
});

Deno.test("verify() goes on for a while with a key that was good when the store fails, and with no other", async () => {
  await using gate = await install();
  const { keys, clock, store } = gate;
  const known = await keys.create({ userId: "u", name: "known" });
  const unknown = await keys.create({ userId: "u", name: "unknown" });
  await keys.verify(known.secret);
  store.fail({ kind: "unavailable" });
  await clock.advance(20_000);
  assertEquals(await judged(gate, known.secret), "ok");
  assertEquals(await judged(gate, new Secret(`${known.key.start}_${"0".repeat(43)}`)), "invalid_api_key");
  assertEquals(await judged(gate, unknown.secret), "storage_unavailable");
  await clock.advance(20_000);
  assertEquals(await judged(gate, known.secret), "storage_unavailable");
  store.heal();
  assertEquals(await judged(gate, known.secret), "ok");
});

Deno.test("a revocation whose answer is lost holds at once", async () => {
  await using gate = await install();
  const { key, secret } = await gate.keys.create({ userId: "u", name: "k" });
  await gate.keys.verify(secret);
  gate.store.fail({ kind: "answer_lost" }, { calls: ["commit"], times: 1 });
  assertEquals(await outcome(() => gate.keys.revoke(key.id)), "storage_unavailable");
  assertEquals(await judged(gate, secret), "invalid_api_key");
});

Deno.test("guessed prefixes push no key out of memory and leave nothing in the store", async () => {
  await using gate = await install();
  const { secret } = await gate.keys.create({ userId: "u", name: "k" });
  const first = await gate.keys.verify(secret);
  const before = await textOf(gate.store);
  for (let i = 0; i < 10_100; i++) {
    const guess = new Secret(`gh_${String(i).padStart(12, "0")}_${"0".repeat(43)}`);
    assertEquals(await judged(gate, guess), "invalid_api_key");
  }
  assertStrictEquals(gate.keys.verify(secret), first);
  assertEquals(await textOf(gate.store), before);
});

Deno.test("a record that cannot be trusted opens nothing", async () => {
  await using gate = await install();
  const { key, secret } = await gate.keys.create({ userId: "u", name: "k" });
  const prefix = key.start.slice(3);
  const record = (await gate.store.get<{ hash: Uint8Array; facts: typeof key }>(AT.record(prefix)))?.value;
  assert(record !== undefined);
  const { facts } = record;
  const damaged = [
    null,
    "x",
    { ...record, v: 2 },
    { ...record, hash: record.hash.slice(1) },
    { ...record, hash: [...record.hash] },
    { ...record, facts: { ...facts, disabled: undefined } },
    { ...record, facts: { ...facts, models: "all" } },
    { ...record, facts: { ...facts, limits: { rpm: null, tpm: null, budget: { amountMicros: 1, period: "year" } } } },
    { ...record, facts: { ...facts, expiresAt: "never" } },
  ];
  for (const value of damaged) {
    await gate.store.commit({ puts: [{ key: AT.record(prefix), value }] });
    await gate.clock.advance(1000);
    assertEquals([value, await judged(gate, secret)], [value, "invalid_api_key"]);
    assertEquals(await gate.keys.get(key.id), null);
  }
  await gate.store.commit({ puts: [{ key: AT.record(prefix), value: record }] });
  assertEquals(await judged(gate, secret), "ok");
});

Deno.test("nothing of a key's secret part is in the store, used or not", async () => {
  await using gate = await install();
  const made = await Promise.all([1, 2, 3].map((n) => gate.keys.create({ userId: "u", name: `key ${n}` })));
  for (const { secret } of made) await gate.keys.verify(secret);
  await gate.clock.advance(10_000);
  const text = await textOf(gate.store);
  for (const { key, secret } of made) {
    assert(text.includes(key.start.slice(3)));
    const hidden = secret.reveal().slice(16);
    for (let at = 0; at + 6 <= hidden.length; at++) assert(!text.includes(hidden.slice(at, at + 6)));
  }
  assertNotEquals(made[0]?.secret.reveal(), made[1]?.secret.reveal());
});
