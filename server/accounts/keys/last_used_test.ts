import { assertEquals, assertExists } from "@std/assert";
import { silentLogger } from "../../telemetry/mod.ts";
import { install, textOf } from "./keys_fixture.ts";

Deno.test("a use is written within ten seconds, for other processes too, and no request waits for it", async () => {
  await using gate = await install();
  const { keys, clock } = gate;
  const other = gate.replica();
  const { key, secret } = await keys.create({ userId: "u", name: "k" });
  assertEquals((await keys.get(key.id))?.lastUsedAt, null);
  const commits = gate.store.count("commit");
  await clock.advance(5);
  await keys.verify(secret);
  const used = clock.now();
  assertEquals([gate.store.count("commit"), (await keys.get(key.id))?.lastUsedAt], [commits, used]);
  assertEquals((await other.keys.get(key.id))?.lastUsedAt, null);
  await clock.advance(10_000);
  assertEquals((await other.keys.get(key.id))?.lastUsedAt, used);
  assertEquals((await other.keys.list("u", { limit: 1, cursor: null })).items[0]?.lastUsedAt, used);
  assertEquals((await other.keys.change(key.id, { name: "new" })).lastUsedAt, used);
  assertEquals(clock.pending, 0);
});

Deno.test("a key in constant use is written about once a minute", async () => {
  await using gate = await install();
  const { key, secret } = await gate.keys.create({ userId: "u", name: "k" });
  const before = gate.store.count("commit");
  for (let passed = 0; passed < 240_000; passed += 5_000) {
    await gate.keys.verify(secret);
    await gate.clock.advance(5_000);
  }
  const written = gate.store.count("commit") - before;
  assertEquals([written >= 3, written <= 4], [true, true]);
  const { lastUsedAt } = await gate.replica().keys.get(key.id) ?? {};
  assertExists(lastUsedAt);
  assertEquals(gate.clock.now() - lastUsedAt <= 70_000, true);
});

Deno.test("refused keys note no use", async () => {
  await using gate = await install();
  const { key, secret } = await gate.keys.create({ userId: "u", name: "k" });
  await gate.keys.change(key.id, { disabled: true });
  await Promise.resolve(gate.keys.verify(secret)).catch(() => {});
  assertEquals([(await gate.keys.get(key.id))?.lastUsedAt, gate.clock.pending], [null, 0]);
});

Deno.test("a use that could not be written is kept and tried again, with a quiet line", async () => {
  const lines: string[] = [];
  await using gate = await install({ log: { ...silentLogger, debug: (line) => lines.push(line) } });
  const { key, secret } = await gate.keys.create({ userId: "u", name: "k" });
  await gate.keys.verify(secret);
  const used = gate.clock.now();
  for (const kind of ["unavailable", "answer_lost"] as const) {
    gate.store.fail({ kind }, { calls: ["commit"] });
    await gate.clock.advance(10_000);
  }
  assertEquals(lines.length, 2);
  gate.store.heal();
  await gate.clock.advance(10_000);
  assertEquals([(await gate.replica().keys.get(key.id))?.lastUsedAt, gate.clock.pending], [used, 0]);
});

Deno.test("a use of a key that was revoked meanwhile leaves nothing behind, and the others are written", async () => {
  await using gate = await install();
  const gone = await gate.keys.create({ userId: "u", name: "gone" });
  const there = await gate.keys.create({ userId: "u", name: "there" });
  for (const { secret } of [gone, there]) await gate.keys.verify(secret);
  const used = gate.clock.now();
  const other = gate.replica();
  await other.keys.revoke(gone.key.id);
  await gate.clock.advance(10_000);
  assertEquals((await textOf(gate.store)).includes(gone.key.id), false);
  assertEquals([(await other.keys.get(there.key.id))?.lastUsedAt, gate.clock.pending], [used, 0]);
});

Deno.test("a use whose key is revoked while it is being written leaves nothing behind", async () => {
  await using gate = await install();
  const { key, secret } = await gate.keys.create({ userId: "u", name: "gone" });
  await gate.keys.verify(secret);
  gate.store.fail({ kind: "hang" }, { calls: ["commit"] });
  await gate.clock.advance(10_000);
  await gate.replica().keys.revoke(key.id);
  gate.store.heal();
  await gate.clock.advance(10_000);
  assertEquals([await textOf(gate.store), gate.clock.pending], ["", 0]);
});

Deno.test("close() writes what waits, in several commits, and stops the timer", async () => {
  await using gate = await install();
  const made = await Promise.all(Array.from({ length: 130 }, () => gate.keys.create({ userId: "u", name: "k" })));
  for (const { secret } of made) await gate.keys.verify(secret);
  const used = gate.clock.now();
  await gate.keys.close();
  const { items } = await gate.replica().keys.list("u", { limit: 200, cursor: null });
  assertEquals([items.length, items.every(({ lastUsedAt }) => lastUsedAt === used)], [130, true]);
  assertEquals(gate.clock.pending, 0);
  await gate.clock.advance(60_000);
  await Promise.all(made.map(({ secret }) => gate.keys.verify(secret)));
  assertEquals(gate.clock.pending, 0);
});

Deno.test("close() ends although the store fails", async () => {
  await using gate = await install();
  const { secret } = await gate.keys.create({ userId: "u", name: "k" });
  await gate.keys.verify(secret);
  gate.store.fail({ kind: "unavailable" });
  await gate.keys.close();
  assertEquals(gate.clock.pending, 0);
});
