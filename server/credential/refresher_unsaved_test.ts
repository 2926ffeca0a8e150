import { assert, assertEquals } from "@std/assert";
import type { Fault } from "../storage/testing.ts";
import type { Machine } from "./testing/machine.ts";
import { never, refusal, type Rig, whileAdvancing, withRig } from "./testing/rig.ts";
import { loginElsewhere, seeded, storedRefreshToken } from "./testing/served.ts";

const FAULTS: Fault[] = [{ kind: "unavailable" }, { kind: "hang" }];

/** A process whose store fails from the moment its first redeem is answered. */
function startUnsaved(rig: Rig, fault: Fault): Promise<Machine> {
  const machine: { current: Machine | null } = { current: null };
  let times = 0;
  const redeemed = (step: string) => {
    if (step === "redeemed" && ++times === 1) machine.current?.store.fail(fault, { calls: ["get", "commit"] });
  };
  const release = rig.provider.hold();
  return seeded(rig, { failpoint: redeemed }).then(async (started) => {
    machine.current = started;
    await rig.clock.advance(10);
    release();
    return started;
  });
}

for (const fault of FAULTS) {
  Deno.test(`unsaved (${fault.kind}): served from memory within 2 s, alarmed, the lock kept, stored when the store is back`, () =>
    withRig(async (rig) => {
      const machine = await startUnsaved(rig, fault);
      const { name } = await rig.stored();
      const caller = machine.token();
      await rig.clock.advance(2000);
      const health = machine.credential.health();
      assertEquals([health.state, health.serving, health.fix !== null], ["unsaved", true, true]);
      assert(rig.provider.accepts(await caller));
      assert(!(machine.credential.authorize(never) instanceof Promise));
      assert(rig.log.lines.some((line) => line.startsWith("error") && line.includes("could not be stored")));
      await rig.clock.advance(120_000);
      assert(rig.locks.isHeld(name));
      assertEquals(rig.provider.asked, 1);
      machine.store.heal();
      await rig.clock.advance(61_000);
      assertEquals([machine.credential.health().state, rig.locks.isHeld(name)], ["valid", false]);
      assert(rig.provider.isLive(await storedRefreshToken(rig)));
      assertEquals(machine.results, ["unsaved"]);
    }));
}

Deno.test("unsaved past the token's end: no second redeem, 503 with Retry-After here and elsewhere, then on", () =>
  withRig(async (rig) => {
    const machine = await startUnsaved(rig, { kind: "unavailable" });
    const other = await rig.start();
    await rig.clock.advance(11 * 60_000);
    for (const one of [machine, other]) {
      const waiting = refusal(() => one.token());
      await rig.clock.advance(11_000);
      const error = await waiting;
      assertEquals([error.code, error.status], ["credential_unavailable", 503]);
      assert(error.retryAfterSeconds !== null && error.retryAfterSeconds > 0);
    }
    assertEquals([rig.provider.asked, machine.credential.health().state], [1, "unsaved"]);
    machine.store.heal();
    await rig.clock.advance(75_000);
    assert(rig.provider.accepts(await machine.token()) && rig.provider.accepts(await other.token()));
    assertEquals([rig.provider.reuses, rig.provider.mostAtOnce], [[], 1]);
  }));

Deno.test("unsaved past the margin: once stored it is renewed in the background again", () =>
  withRig(async (rig) => {
    const machine = await startUnsaved(rig, { kind: "unavailable" });
    await rig.clock.advance(9 * 60_000 - 30_000);
    machine.store.heal();
    await rig.clock.advance(85_000);
    assertEquals([rig.provider.asked, machine.credential.health().state], [2, "valid"]);
  }));

Deno.test("unsaved: an upstream that refuses the token causes no second redeem", () =>
  withRig(async (rig) => {
    const machine = await startUnsaved(rig, { kind: "unavailable" });
    await rig.clock.advance(3000);
    const { generation } = await machine.credential.authorize(never);
    await refusal(() => machine.credential.rejected(generation, never));
    assertEquals(rig.provider.asked, 1);
  }));

Deno.test("unsaved: another process serves what it has, and redeems nothing", () =>
  withRig(async (rig) => {
    const other = await seeded(rig);
    const shared = await other.token();
    const machine = await rig.start({
      random: 1,
      failpoint: (step) => {
        if (step === "redeemed") machine.store.fail({ kind: "unavailable" });
      },
    });
    const { generation } = await machine.credential.authorize(never);
    await machine.credential.rejected(generation, never);
    await rig.clock.advance(9 * 60_000 + 30_000);
    assertEquals([await other.token(), rig.provider.asked], [shared, 2]);
    await rig.clock.advance(60_000);
    const waiting = refusal(() => other.token());
    await rig.clock.advance(11_000);
    assertEquals((await waiting).code, "credential_unavailable");
    assertEquals(rig.provider.asked, 2);
  }));

Deno.test("unsaved, then a login elsewhere: the login is not overwritten when the store is back", () =>
  withRig(async (rig) => {
    const machine = await startUnsaved(rig, { kind: "unavailable" });
    await rig.clock.advance(3000);
    const theirs = await loginElsewhere(rig);
    machine.store.heal();
    await rig.clock.advance(61_000);
    assertEquals((await (await rig.stored()).load())?.record.accessToken, theirs);
    assertEquals([await machine.token(), machine.credential.health().state], [theirs, "valid"]);
  }));

Deno.test("unsaved, then a logout elsewhere: it stays logged out when the store is back", () =>
  withRig(async (rig) => {
    const machine = await startUnsaved(rig, { kind: "unavailable" });
    await rig.clock.advance(3000);
    await (await rig.stored()).forget();
    machine.store.heal();
    await rig.clock.advance(61_000);
    assertEquals(await (await rig.stored()).load(), null);
    assertEquals((await refusal(() => machine.token())).code, "reauth_required");
  }));

Deno.test("unsaved: close() stores it if the store is back, and otherwise says what is lost", async () => {
  for (const heals of [true, false]) {
    await withRig(async (rig) => {
      const machine = await startUnsaved(rig, { kind: "unavailable" });
      await rig.clock.advance(20_000);
      if (heals) machine.store.heal();
      await whileAdvancing(rig.clock, machine.credential.close());
      assertEquals(rig.provider.isLive(await storedRefreshToken(rig)), heals);
      assertEquals(rig.log.lines.some((line) => line.includes("a login will be needed")), !heals);
      assertEquals([rig.locks.isHeld((await rig.stored()).name), rig.clock.pending], [false, 0]);
    });
  }
});

Deno.test("a commit whose answer was lost is found stored, and nobody is alarmed for long", () =>
  withRig(async (rig) => {
    const machine: { current: Machine | null } = { current: null };
    const release = rig.provider.hold();
    machine.current = await seeded(rig, {
      failpoint: (step) => {
        if (step === "redeemed") machine.current?.store.fail({ kind: "answer_lost" }, { calls: ["commit"], times: 1 });
      },
    });
    release();
    await rig.clock.advance(3000);
    assertEquals(machine.current.credential.health().state, "valid");
    assert(rig.provider.isLive(await storedRefreshToken(rig)));
  }));

Deno.test("a 200 that cannot be read while the store is down: no other process sends the spent token", () =>
  withRig(async (rig) => {
    const other = await seeded(rig);
    const machine = await rig.start({
      random: 1,
      failpoint: (step) => {
        if (step === "redeemed") machine.store.fail({ kind: "unavailable" });
      },
    });
    const { generation } = await machine.credential.authorize(never);
    rig.provider.next({ kind: "mangled", how: "garbage" });
    const refused = refusal(() => machine.credential.rejected(generation, never));
    await rig.clock.advance(3000);
    assertEquals((await refused).code, "reauth_required");
    await rig.clock.advance(11 * 60_000);
    assertEquals([rig.provider.asked, rig.provider.reuses], [2, []]);
    machine.store.heal();
    await rig.clock.advance(75_000);
    assertEquals([rig.provider.asked, rig.provider.reuses], [2, []]);
    assertEquals(other.credential.health().state, "reauth_required");
  }));
