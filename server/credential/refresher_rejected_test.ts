import { assert, assertEquals, assertNotEquals, assertRejects } from "@std/assert";
import { never, refusal, withRig } from "./testing/rig.ts";
import { loginElsewhere, served } from "./testing/served.ts";
import { tokenOf } from "./testing/machine.ts";

Deno.test("rejected() redeems once for all callers and gives the new token", () =>
  withRig(async (rig) => {
    const machine = await served(rig);
    const old = await machine.credential.authorize(never);
    await rig.clock.advance(60_000);
    const fresh = await Promise.all(
      Array.from({ length: 50 }, () => machine.credential.rejected(old.generation, never)),
    );
    assertEquals([new Set(fresh.map(tokenOf)).size, rig.provider.asked], [1, 2]);
    const current = await machine.credential.authorize(never);
    assertEquals([current.generation, current.generation > old.generation], [fresh[0]?.generation, true]);
    assertNotEquals(tokenOf(current), tokenOf(old));
  }));

Deno.test("rejected() of an older generation gives the newer one and redeems nothing", () =>
  withRig(async (rig) => {
    const machine = await served(rig);
    const old = await machine.credential.authorize(never);
    await rig.clock.advance(9 * 60_000);
    const current = await machine.credential.authorize(never);
    assertEquals(await machine.credential.rejected(old.generation, never), current);
    assertEquals(rig.provider.asked, 2);
  }));

Deno.test("rejected() of an older generation, the newer one ended meanwhile, waits for the next", () =>
  withRig(async (rig) => {
    const machine = await served(rig);
    const old = await machine.credential.authorize(never);
    await machine.credential.rejected(old.generation, never);
    rig.clock.jump(3600_000);
    assert(rig.provider.accepts(tokenOf(await machine.credential.rejected(old.generation, never))));
    assertEquals(rig.provider.asked, 3);
  }));

Deno.test("a fresh token that is refused again does not loop redeems", () =>
  withRig(async (rig) => {
    const machine = await served(rig);
    await rig.clock.advance(60_000);
    for (let i = 0; i < 20; i++) {
      const { generation } = await machine.credential.authorize(never);
      const retry = await machine.credential.rejected(generation, never).catch(() => null);
      if (retry !== null) {
        const error = await refusal(() => machine.credential.rejected(retry.generation, never));
        assertEquals(error.code, "upstream_unauthorized");
      }
      await rig.clock.advance(1000);
    }
    assertEquals(rig.provider.asked, 2);
  }));

Deno.test("two processes whose tokens are all refused do not redeem in turns", () =>
  withRig(async (rig) => {
    const machines = [await served(rig), await rig.start()];
    await rig.clock.advance(60_000);
    for (let i = 0; i < 20; i++) {
      for (const machine of machines) {
        const { generation } = await machine.credential.authorize(never);
        await machine.credential.rejected(generation, never).catch(() => null);
      }
      await rig.clock.advance(1000);
    }
    assert(rig.provider.asked <= 3, `asked ${rig.provider.asked} times in 20 s`);
  }));

Deno.test("rejected() takes a token that another process stored, and redeems nothing", () =>
  withRig(async (rig) => {
    const machine = await served(rig);
    const old = await machine.credential.authorize(never);
    const theirs = await loginElsewhere(rig);
    assertEquals(tokenOf(await machine.credential.rejected(old.generation, never)), theirs);
    assertEquals(rig.provider.asked, 1);
  }));

Deno.test("rejected() while the provider fails says so, and the next tries are spaced", () =>
  withRig(async (rig) => {
    const machine = await served(rig);
    rig.provider.always({ kind: "answer", status: 503 });
    const { generation } = await machine.credential.authorize(never);
    for (let i = 0; i < 10; i++) {
      const error = await refusal(() => machine.credential.rejected(generation, never));
      assertEquals([error.code, error.status], ["credential_unavailable", 503]);
      assert(error.retryAfterSeconds !== null);
    }
    assertEquals(rig.provider.asked, 2);
  }));

Deno.test("rejected() of a grant that is over is 503 reauth_required", () =>
  withRig(async (rig) => {
    const machine = await served(rig);
    rig.provider.revoke(rig.provider.tokenRequests[0]?.form.get("refresh_token") ?? "");
    const { generation } = await machine.credential.authorize(never);
    assertEquals((await refusal(() => machine.credential.rejected(generation, never))).code, "reauth_required");
    assertEquals((await refusal(() => machine.credential.rejected(generation, never))).code, "reauth_required");
    assertEquals(rig.provider.asked, 2);
  }));

Deno.test("rejected() lets a caller leave with its own reason; the hot path is back once the new token is there", () =>
  withRig(async (rig) => {
    const machine = await served(rig);
    const { generation } = await machine.credential.authorize(never);
    const go = rig.provider.hold();
    const leaving = new AbortController();
    const left = assertRejects(() => machine.credential.rejected(generation, leaving.signal), RangeError, "mine");
    await rig.clock.advance(100);
    leaving.abort(new RangeError("mine"));
    await left;
    go();
    await rig.clock.advance(100);
    assert(!(machine.credential.authorize(never) instanceof Promise));
    assertEquals(rig.provider.asked, 2);
  }));

Deno.test("rejected(), the caller gone and the refresh failed: the token that may still work is served at once again", () =>
  withRig(async (rig) => {
    const machine = await served(rig);
    const { generation } = await machine.credential.authorize(never);
    const go = rig.provider.hold();
    rig.provider.always({ kind: "answer", status: 503 });
    const leaving = new AbortController();
    const left = assertRejects(() => machine.credential.rejected(generation, leaving.signal), RangeError, "mine");
    await rig.clock.advance(100);
    leaving.abort(new RangeError("mine"));
    await left;
    go();
    await rig.clock.advance(100);
    assert(!(machine.credential.authorize(never) instanceof Promise));
  }));
