import { assert, assertEquals } from "@std/assert";
import { refusal, type Rig, type RigOptions, withRig } from "./testing/rig.ts";
import { loginElsewhere, seeded, served, storedRefreshToken } from "./testing/served.ts";
import type { Machine } from "./testing/machine.ts";
import type { RefreshStep } from "./mod.ts";

const STEPS: RefreshStep[] = ["lock_taken", "reread", "intent_stored", "redeemed", "stored"];
/** Between these the provider has rotated and nobody knows the answer. */
const LOSES: RefreshStep = "redeemed";

async function untilDead(rig: Rig, machine: Machine): Promise<void> {
  for (let i = 0; i < 1000 && !machine.dead; i++) await rig.clock.advance(1000);
  assert(machine.dead, "it should have died");
}

for (const real of [false, true]) {
  const options: RigOptions = { real };
  const kind = real ? "on a real KV, sealed" : "in memory";
  for (const step of STEPS) {
    Deno.test(`kill -9 at ${step} of the first redeem (${kind}): the next process serves, or says why not`, () =>
      withRig(async (rig) => {
        const dead = await seeded(rig, { diesAt: { step } });
        await untilDead(rig, dead);
        const next = await rig.start();
        if (step === LOSES) {
          assertEquals((await refusal(() => next.token())).code, "reauth_required");
          assertEquals([rig.provider.reuses.length, next.credential.health().state], [1, "reauth_required"]);
        } else {
          assert(rig.provider.accepts(await next.token()));
          assertEquals(rig.provider.reuses, []);
        }
      }, options));
  }
}

for (const step of STEPS) {
  Deno.test(`kill -9 at ${step} of a later redeem: the old token is served to its end first`, () =>
    withRig(async (rig) => {
      const dead = await served(rig, { diesAt: { step, time: 2 } });
      const old = await dead.token();
      const askedBefore = rig.provider.asked;
      await untilDead(rig, dead);
      const next = await rig.start();
      const first = await next.token();
      if (step !== "stored") assertEquals(first, old);
      const sentByDead = rig.provider.asked - askedBefore;
      await rig.clock.advance(50_000);
      if (step === "intent_stored" || step === LOSES) {
        assertEquals(rig.provider.asked - askedBefore, sentByDead, "not before the old token's end");
      }
      await rig.clock.advance(50_000);
      if (step === LOSES) {
        assertEquals((await refusal(() => next.token())).code, "reauth_required");
        const theirs = await loginElsewhere(rig);
        await rig.clock.advance(1999);
        assertEquals(await next.token(), theirs);
      } else {
        assert(rig.provider.accepts(await next.token()));
        assertEquals(rig.provider.reuses, []);
      }
    }));
}

Deno.test("kill -9 at redeemed against a provider that does not rotate: the one retry saves it", () =>
  withRig(async (rig) => {
    rig.provider.rotates = false;
    const dead = await seeded(rig, { diesAt: { step: "redeemed" } });
    await untilDead(rig, dead);
    const next = await rig.start();
    assert(rig.provider.accepts(await next.token()));
    assertEquals(rig.provider.asked, 2);
  }));

Deno.test("kill -9 while the answer is on its way, with another process waiting for the lock", () =>
  withRig(async (rig) => {
    rig.provider.next({ kind: "hang", spends: false });
    const dead = await seeded(rig);
    const other = await rig.start();
    const waiting = other.token();
    await rig.clock.advance(3000);
    dead.kill();
    await rig.clock.advance(3000);
    assert(rig.provider.accepts(await waiting));
    assertEquals([rig.provider.asked, rig.provider.reuses], [2, []]);
  }));

Deno.test("kill -9 while unsaved loses the pair, and the next process says so after one retry", () =>
  withRig(async (rig) => {
    const machine = await seeded(rig, {
      failpoint: (step) => {
        if (step === "intent_stored") rig.store.commit = () => Promise.reject(new Error("disk full"));
      },
    });
    const commit = rig.store.commit;
    await rig.clock.advance(3000);
    assertEquals(machine.credential.health().state, "unsaved");
    machine.kill();
    rig.store.commit = commit;
    const next = await rig.start();
    assertEquals((await refusal(() => next.token())).code, "reauth_required");
    assertEquals([rig.provider.reuses.length, rig.provider.isLive(await storedRefreshToken(rig))], [1, false]);
  }));
