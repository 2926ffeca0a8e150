import { assert, assertEquals, assertNotEquals, assertRejects, assertStringIncludes } from "@std/assert";
import fc from "fast-check";
import { Secret } from "../secrets/mod.ts";
import { silentLogger } from "../telemetry/mod.ts";
import { startChild } from "./child_testing.ts";
import { namesIn, rightsOf } from "./files_testing.ts";
import { openVault } from "./open_vault.ts";
import { StorageStartError } from "./start_error.ts";
import { UnsealError } from "./vault.ts";

const KEY = ["credential", "main"];

function withKey(byte: number) {
  const sealingKey = new Secret(btoa(String.fromCharCode(...new Uint8Array(32).fill(byte))));
  return openVault({ settings: { configDir: "/nowhere", sealingKey }, log: silentLogger });
}

Deno.test("unseal() gives back what seal() took, and the record holds it nowhere in clear", async () => {
  const vault = await withKey(1);
  await fc.assert(
    fc.asyncProperty(fc.jsonValue(), async (value) => {
      const sealed = await vault.seal(KEY, value);
      assertEquals(await vault.unseal(KEY, structuredClone(sealed)), JSON.parse(JSON.stringify(value)));
    }),
    { numRuns: 50 },
  );
  const sealed = await vault.seal(KEY, { token: "canary" });
  assert(!new TextDecoder().decode(sealed.data).includes("canary"));
  assertNotEquals(sealed.iv, (await vault.seal(KEY, { token: "canary" })).iv);
});

Deno.test("unseal() refuses a record in which any bit was flipped or bytes are missing", async () => {
  const vault = await withKey(1);
  const sealed = await vault.seal(KEY, { token: "abc" });
  const changed: unknown[] = [null, 7, "x", {}, { ...sealed, iv: sealed.iv.slice(1) }, { ...sealed, kid: "00000000" }];
  for (const field of ["iv", "data"] as const) {
    for (let at = 0; at < sealed[field].length; at++) {
      const bytes = sealed[field].slice();
      bytes[at] = (bytes[at] ?? 0) ^ (1 << (at % 8));
      changed.push({ ...sealed, [field]: bytes }, { ...sealed, [field]: sealed[field].slice(0, at) });
    }
  }
  for (const record of changed) await assertRejects(() => vault.unseal(KEY, record), UnsealError);
});

Deno.test("unseal() refuses a record under any other KV key", async () => {
  const vault = await withKey(1);
  const part = fc.oneof(fc.string(), fc.double(), fc.bigInt(), fc.boolean(), fc.uint8Array());
  const kvKey = fc.array(part, { minLength: 1, maxLength: 3 });
  await fc.assert(
    fc.asyncProperty(kvKey, kvKey, async (from, to) => {
      const sealed = await vault.seal(from, "x");
      assertEquals(await vault.unseal(from, sealed), "x");
      fc.pre(Deno.inspect(from) !== Deno.inspect(to));
      const error = await assertRejects(() => vault.unseal(to, sealed), UnsealError);
      assertEquals(error.reason, "damaged");
    }),
    { numRuns: 50 },
  );
  const sealed = await vault.seal(["ab", "c"], "x");
  for (
    const other of [["ab\x02\0\0\0\0c"], ["ab\x02\0\0\0\x01c"], ["a", "bc"], ["abc"], ["ab", "c", ""], [
      new Uint8Array([97, 98]),
      "c",
    ]]
  ) {
    await assertRejects(() => vault.unseal(other, sealed), UnsealError);
  }
});

Deno.test("unseal() with another key names both key ids and what to do", async () => {
  const [one, two] = [await withKey(1), await withKey(2)];
  const sealed = await one.seal(KEY, 1);
  const error = await assertRejects(() => two.unseal(KEY, sealed), UnsealError, sealed.kid);
  assertEquals(error.reason, "other_key");
  assertStringIncludes(error.message, (await two.seal(KEY, 1)).kid);
  assertStringIncludes(error.message, "GATEHOUSE_KEY");
});

Deno.test("seal() refuses what JSON would lose", async () => {
  const vault = await withKey(1);
  for (const value of [new Secret("s"), { deep: [new Secret("s")] }, undefined, () => 1, 1n, NaN, new Map()]) {
    await assertRejects(() => vault.seal(KEY, value), TypeError);
  }
  assertEquals(await vault.unseal(KEY, await vault.seal(KEY, { a: undefined, b: null })), { b: null });
});

Deno.test("fingerprint() is the same for the same secret and key alone", async () => {
  const [one, again, two] = [await withKey(1), await withKey(1), await withKey(2)];
  const print = await one.fingerprint(new Secret("s"));
  assertEquals(print.length, 64);
  assertEquals(await again.fingerprint(new Secret("s")), print);
  assertNotEquals(await one.fingerprint(new Secret("t")), print);
  assertNotEquals(await two.fingerprint(new Secret("s")), print);
});

Deno.test("openVault() makes a private key file once and uses it from then on", async () => {
  const configDir = `${await Deno.makeTempDir()}/a/gatehouse`;
  const settings = { configDir, sealingKey: null };
  const sealed = await (await openVault({ settings, log: silentLogger })).seal(KEY, "x");
  assertEquals(await (await openVault({ settings, log: silentLogger })).unseal(KEY, sealed), "x");
  assertEquals(await namesIn(configDir), ["sealing.key"]);
  if (Deno.build.os === "windows") return;
  assertEquals(await rightsOf(`${configDir}/sealing.key`), 0o600);
  assertEquals(await rightsOf(configDir), 0o700);
});

Deno.test("openVault() refuses a malformed key and does not print or replace it", async () => {
  const configDir = await Deno.makeTempDir();
  const path = `${configDir}/sealing.key`;
  for (const text of ["", "canary", btoa("canary-canary"), "A".repeat(43)]) {
    await Deno.writeTextFile(path, text);
    const settings = { configDir, sealingKey: null };
    const error = await assertRejects(() => openVault({ settings, log: silentLogger }), StorageStartError, path);
    assert(!error.message.includes("canary"));
    assertEquals(await Deno.readTextFile(path), text);
  }
  const settings = { configDir, sealingKey: new Secret("canary") };
  const error = await assertRejects(() => openVault({ settings, log: silentLogger }), StorageStartError);
  assertStringIncludes(error.message, "GATEHOUSE_KEY is not 32 bytes");
  assert(!error.message.includes("canary"));
});

Deno.test({
  name: "openVault() warns when the key file is open to others",
  ignore: Deno.build.os === "windows",
  async fn() {
    const configDir = await Deno.makeTempDir();
    const settings = { configDir, sealingKey: null };
    const warnings: string[] = [];
    const log = { ...silentLogger, warn: (message: string) => void warnings.push(message) };
    await openVault({ settings, log });
    assertEquals(warnings, []);
    await Deno.chmod(`${configDir}/sealing.key`, 0o644);
    await openVault({ settings, log });
    assertEquals(warnings.length, 1);
  },
});

Deno.test("openVault() in several processes at once: all use one key", async () => {
  const configDir = `${await Deno.makeTempDir()}/gatehouse`;
  const children = Array.from({ length: 3 }, () => startChild("vault", configDir));
  for (const child of children) assertEquals(await child.line(), "ready");
  await Promise.all(children.map((child) => child.go()));
  const prints = await Promise.all(children.map((child) => child.line()));
  assertEquals(prints[0]?.length, 64);
  assertEquals(new Set(prints).size, 1);
  assertEquals(await namesIn(configDir), ["sealing.key"]);
  for (const child of children) await child.kill();
});

Deno.test("openVault() many times at once in one process: all use one key", async () => {
  const configDir = await Deno.makeTempDir();
  const settings = { configDir, sealingKey: null };
  const vaults = await Promise.all(Array.from({ length: 8 }, () => openVault({ settings, log: silentLogger })));
  const kids = await Promise.all(vaults.map(async (vault) => (await vault.seal(KEY, 1)).kid));
  assertEquals(new Set(kids).size, 1);
});
