import { assert, assertEquals, assertNotEquals, assertRejects, assertStrictEquals } from "@std/assert";
import { never, type Rig, withRig } from "./testing/rig.ts";
import { type Machine, tokenOf } from "./testing/machine.ts";
import { Secret } from "../secrets/mod.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** A process on a fresh seed, served its first token. */
async function served(rig: Rig, random?: number): Promise<Machine> {
  const seed = new Secret(rig.provider.grant().refreshToken);
  const machine = await rig.start({ settings: { refreshToken: seed }, ...(random === undefined ? {} : { random }) });
  await machine.token();
  return machine;
}

Deno.test("authorize() gives a hundred callers one redeem and one token", () =>
  withRig(async (rig) => {
    const go = rig.provider.hold();
    const seed = new Secret(rig.provider.grant().refreshToken);
    const machine = await rig.start({ settings: { refreshToken: seed } });
    const callers = Array.from({ length: 100 }, () => machine.token());
    await rig.clock.advance(3000);
    assertEquals(machine.credential.health().state, "refreshing");
    go();
    assertEquals(new Set(await Promise.all(callers)).size, 1);
    assertEquals(rig.provider.asked, 1);
    assertEquals(machine.states, ["refreshing", "valid"]);
  }));

Deno.test("authorize() lets a caller leave with its own reason, and the refresh goes on for the others", () =>
  withRig(async (rig) => {
    const go = rig.provider.hold();
    const seed = new Secret(rig.provider.grant().refreshToken);
    const machine = await rig.start({ settings: { refreshToken: seed } });
    const leaving = new AbortController();
    const left = assertRejects(() => machine.token(leaving.signal), RangeError, "mine");
    const staying = machine.token();
    await rig.clock.advance(100);
    leaving.abort(new RangeError("mine"));
    await left;
    await assertRejects(() => machine.token(leaving.signal), RangeError, "mine");
    go();
    assert(rig.provider.accepts(await staying));
    assertEquals(rig.provider.asked, 1);
  }));

Deno.test("authorize() lets every caller leave: what the provider issues is kept all the same", () =>
  withRig(async (rig) => {
    const go = rig.provider.hold();
    const seed = new Secret(rig.provider.grant().refreshToken);
    const machine = await rig.start({ settings: { refreshToken: seed } });
    const left = assertRejects(() => machine.token(AbortSignal.abort(new RangeError("mine"))), RangeError);
    await left;
    go();
    await rig.clock.advance(100);
    const stored = await (await rig.stored()).load();
    assert(rig.provider.isLive(stored?.record.refreshToken ?? ""));
    assertEquals([await machine.token(), rig.provider.asked], [stored?.record.accessToken ?? "", 1]);
  }));

Deno.test("authorize() on the hot path answers at once, with no call to the store", () =>
  withRig(async (rig) => {
    const machine = await served(rig);
    const before = [machine.store.count("get"), machine.store.count("commit"), machine.steps.length];
    const first = machine.credential.authorize(never);
    assert(!(first instanceof Promise));
    for (let i = 0; i < 1000; i++) assertStrictEquals(machine.credential.authorize(never), first);
    await rig.clock.advance(0);
    assertEquals([machine.store.count("get"), machine.store.count("commit"), machine.steps.length], before);
    assertEquals(machine.credential.secrets(), [tokenOf(first)]);
  }));

Deno.test("the token is renewed in the background before its last 10 %, and the hot path never waits", () =>
  withRig(async (rig) => {
    const machine = await served(rig);
    const first = await machine.token();
    await rig.clock.advance(8 * MINUTE);
    assertEquals(rig.provider.asked, 1);
    await rig.clock.advance(MINUTE);
    assertEquals(rig.provider.asked, 2);
    const next = machine.credential.authorize(never);
    assert(!(next instanceof Promise) && tokenOf(next) !== first);
    assertEquals(machine.states, ["refreshing", "valid"]);
  }));

Deno.test("the old token is served while a background renewal is under way", () =>
  withRig(async (rig) => {
    const machine = await served(rig);
    const first = await machine.token();
    rig.provider.next({ kind: "late", ms: 20_000 });
    await rig.clock.advance(9 * MINUTE - 5000);
    assertEquals([rig.provider.asked, tokenOf(await machine.credential.authorize(never))], [2, first]);
    await rig.clock.advance(20_000);
    assertNotEquals(await machine.token(), first);
  }));

Deno.test("two processes with other dice renew at other times", () =>
  withRig(async (rig) => {
    rig.provider.lifetime = 3600;
    for (const [random, asked] of [[0, 1], [1, 2]] as const) {
      const before = rig.provider.asked;
      const machine = await served(rig, random);
      await rig.clock.advance(54 * MINUTE);
      assertEquals(rig.provider.asked - before, asked);
      machine.kill();
    }
  }));

Deno.test("lifetimes of one second, missing, zero, as a string or negative never make a tight loop", () =>
  withRig(async (rig) => {
    for (const [lifetime, most] of [[1, 13], [undefined, 1], [0, 1], ["1", 13], [-5, 1], ["x", 1]] as const) {
      rig.provider.lifetime = lifetime;
      const before = rig.provider.asked;
      const machine = await served(rig);
      await rig.clock.advance(10_000);
      const asked = rig.provider.asked - before;
      assert(asked <= most, `${lifetime}: asked ${asked} times`);
      assert(rig.provider.accepts(await machine.token()));
      machine.kill();
    }
    assertEquals(rig.provider.reuses, []);
  }));

Deno.test("a token that is over when it comes is not renewed without pause", () =>
  withRig(async (rig) => {
    for (const [lifetime, late] of [[1, 1500], [0.001, 0]] as const) {
      rig.provider.lifetime = lifetime;
      rig.provider.always({ kind: "late", ms: late });
      const before = rig.provider.asked;
      const refreshToken = new Secret(rig.provider.grant().refreshToken);
      const machine = await rig.start({ settings: { refreshToken } });
      await rig.clock.advance(MINUTE);
      assert(rig.provider.asked - before <= 2, `${lifetime}: asked ${rig.provider.asked - before} times`);
      machine.kill();
    }
  }));

Deno.test("a lifetime that counts from the moment of sending: a late answer shortens it", () =>
  withRig(async (rig) => {
    rig.provider.next({ kind: "late", ms: 30_000 });
    const seed = new Secret(rig.provider.grant().refreshToken);
    const sent = rig.clock.now();
    const machine = await rig.start({ settings: { refreshToken: seed } });
    await rig.clock.advance(31_000);
    assertEquals(machine.credential.health().expiresAt, sent + 10 * MINUTE);
  }));

Deno.test("a token of 90 days is renewed at its end, and no timer is longer than 24 h", () =>
  withRig(async (rig) => {
    rig.provider.lifetime = 90 * 24 * 3600;
    const machine = await served(rig);
    await rig.clock.advance(49 * HOUR);
    assertEquals(rig.provider.asked, 1);
    assert(machine.longestTimer <= 24 * HOUR, `${machine.longestTimer}`);
  }));

Deno.test("a wall clock that jumps costs a renewal at most, and never a token that is over", () =>
  withRig(async (rig) => {
    const machine = await served(rig);
    for (const jump of [HOUR, -HOUR, 24 * HOUR, -24 * HOUR]) {
      const before = rig.provider.asked;
      rig.clock.jump(jump);
      assert(rig.provider.accepts(await machine.token()));
      assert(rig.provider.asked - before <= 1);
      await rig.clock.advance(10 * MINUTE);
      assert(rig.provider.accepts(await machine.token()));
      assert(rig.provider.asked - before <= 3, `${jump}: ${rig.provider.asked - before}`);
      assertEquals(machine.credential.health().state, "valid");
    }
    assertEquals(rig.provider.reuses, []);
  }));

Deno.test("a laptop that slept renews before it serves: the wall clock moved, the other did not", () =>
  withRig(async (rig) => {
    const machine = await served(rig);
    const first = await machine.token();
    rig.clock.jump(8 * HOUR);
    assertNotEquals(await machine.token(), first);
    assertEquals(rig.provider.asked, 2);
  }));

Deno.test("close() waits for a redeem under way, so that what it brings is stored", () =>
  withRig(async (rig) => {
    rig.provider.next({ kind: "late", ms: 5000 });
    const seed = new Secret(rig.provider.grant().refreshToken);
    const machine = await rig.start({ settings: { refreshToken: seed } });
    await rig.clock.advance(100);
    const closed = machine.credential.close();
    await rig.clock.advance(6000);
    await closed;
    assertEquals(rig.clock.pending, 0);
    const stored = await (await rig.stored()).load();
    assert(rig.provider.isLive(stored?.record.refreshToken ?? ""));
  }));

Deno.test("health() names the state, since when, the end and the last renewal", () =>
  withRig(async (rig) => {
    const begin = rig.clock.now();
    const machine = await served(rig);
    const health = machine.credential.health();
    assertEquals(health, {
      state: "valid",
      since: begin,
      expiresAt: begin + 10 * MINUTE,
      lastRefreshAt: begin,
      lastError: null,
      fix: null,
      serving: true,
    });
  }));
