import { assert, assertEquals } from "@std/assert";
import { systemClock } from "../effects/mod.ts";
import { Secret } from "../secrets/mod.ts";
import { openFileLocks } from "../storage/mod.ts";
import { memoryStore } from "../storage/testing.ts";
import { capturedLog } from "./testing/captured_log.ts";
import { FakeProvider } from "./testing/fake_provider.ts";
import { Machine, tokenOf } from "./testing/machine.ts";
import { quickVault } from "./testing/memory.ts";
import { never, PLAIN } from "./testing/rig.ts";

Deno.test("five processes with real file locks on one store: every token is redeemed once", async () => {
  const dir = await Deno.makeTempDir();
  const store = await memoryStore();
  const provider = new FakeProvider(systemClock);
  const settings = { ...PLAIN, refreshToken: new Secret(provider.grant().refreshToken) };
  const place = { store, vault: quickVault(), provider, clock: systemClock, log: capturedLog(), settings, sent: [] };
  const machines: Machine[] = [];
  try {
    for (let i = 0; i < 5; i++) {
      const locks = await openFileLocks({ dir, clock: systemClock });
      machines.push(await Machine.start({ ...place, locks }, {}));
    }
    const first = await Promise.all(machines.map((machine) => machine.token()));
    assertEquals([new Set(first).size, provider.asked], [1, 1]);
    const second = await Promise.all(machines.map(async (machine) => {
      const { generation } = await machine.credential.authorize(never);
      return tokenOf(await machine.credential.rejected(generation, never));
    }));
    assert(second[0] !== first[0]);
    assertEquals(new Set(second).size, 1);
    assertEquals([provider.reuses, provider.mostAtOnce, provider.asked], [[], 1, 2]);
  } finally {
    await Promise.all(machines.map((machine) => machine.stop()));
    store.close();
    await Deno.remove(dir, { recursive: true });
  }
});
