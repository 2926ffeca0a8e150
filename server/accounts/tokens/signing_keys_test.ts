import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { Secret } from "../../secrets/mod.ts";
import { openVault, type SealedRecord } from "../../storage/mod.ts";
import { silentLogger } from "../../telemetry/mod.ts";
import { assertCode, withRig } from "./tokens_fixture.ts";

Deno.test("openTokens() makes one key for all processes, at first use, and keeps it sealed", () =>
  withRig(async (rig) => {
    const keys = [65, 66, 67].map((byte) => new Uint8Array(32).fill(byte));
    const processes = keys.map((key) => rig.start({ secret: null, random: () => key }));
    assertEquals(await rig.store.get(["token_signing_key"]), null);
    const grants = await Promise.all(processes.map((tokens) => tokens.issue(rig.addUser())));
    for (const tokens of processes) for (const { accessToken } of grants) await tokens.verify(accessToken);
    const kept = (await rig.store.get<SealedRecord>(["token_signing_key"]))?.value;
    assert(kept !== undefined);
    const text = Deno.inspect(kept, { iterableLimit: 1000 }) + new TextDecoder().decode(kept.data);
    for (const key of keys) for (const clear of [key.toBase64(), String(key), "AAAA"]) assert(!text.includes(clear));

    const later = rig.start({ secret: null });
    for (const { accessToken } of grants) await later.verify(accessToken);
  }));

Deno.test("openTokens() keeps no key of its own where JWT_SECRET is set", () =>
  withRig(async (rig) => {
    await rig.start().issue(rig.addUser());
    assertEquals(await rig.store.get(["token_signing_key"]), null);
  }));

Deno.test("openTokens() reads the key anew after a failure, a commit of unknown outcome included", () =>
  withRig(async (rig) => {
    const user = rig.addUser();
    for (
      const [call, kind] of [["get", "unavailable"], ["commit", "unavailable"], ["commit", "answer_lost"]] as const
    ) {
      const tokens = rig.start({ secret: null });
      await rig.store.commit({ deletes: [["token_signing_key"]] });
      tokens.store.fail({ kind }, { calls: [call], times: 1 });
      await assertCode("storage_unavailable", () => tokens.issue(user));
      const { accessToken } = await tokens.issue(user);
      await rig.start({ secret: null }).verify(accessToken);
    }
  }));

Deno.test("openTokens() with a key that cannot be opened says so in the log, and does not replace it", () =>
  withRig(async (rig) => {
    const { accessToken } = await rig.start({ secret: null }).issue(rig.addUser());
    const kept = await rig.store.get(["token_signing_key"]);
    const sealingKey = new Secret(new Uint8Array(32).fill(9).toBase64());
    const vault = await openVault({ settings: { configDir: "", sealingKey }, log: silentLogger });
    const message = await assertCode(
      "storage_unavailable",
      () => rig.start({ secret: null, vault }).verify(accessToken),
    );
    assertStringIncludes(message, "log");
    assertEquals(rig.warnings.length, 1);
    assertEquals(await rig.store.get(["token_signing_key"]), kept);
  }));
