import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { logout, openLogin } from "./login/mod.ts";
import { createWatchdog } from "../network/mod.ts";
import { never, refusal, type Rig, withRig } from "./testing/rig.ts";
import { loginElsewhere, seeded, served, storedRefreshToken } from "./testing/served.ts";

const MINUTE = 60_000;

async function logoutElsewhere(rig: Rig): Promise<void> {
  const { provider, store, vault, clock } = rig;
  const watchdog = createWatchdog(clock);
  const context = await openLogin({
    upstream: "main",
    settings: rig.settings(),
    store,
    vault,
    http: provider,
    watchdog,
    clock,
  });
  assertEquals(await logout(context, never), { found: true, revoked: "unsupported" });
}

Deno.test("of two processes one redeems and the other takes its token", () =>
  withRig(async (rig) => {
    const a = await served(rig);
    const b = await rig.start();
    assertEquals([await b.token(), rig.provider.asked], [await a.token(), 1]);
    await rig.clock.advance(60 * MINUTE);
    assert(rig.provider.asked <= 8, `${rig.provider.asked}`);
    assertEquals(await a.token(), await b.token());
    assertEquals([rig.provider.reuses, rig.provider.mostAtOnce], [[], 1]);
  }));

Deno.test("a process that waits for the lock reads again inside it and redeems nothing (rule 3)", () =>
  withRig(async (rig) => {
    const go = rig.provider.hold();
    const a = await seeded(rig);
    const b = await rig.start();
    const both = Promise.all([a.token(), b.token()]);
    await rig.clock.advance(5000);
    go();
    await rig.clock.advance(1000);
    const [first, second] = await both;
    assertEquals([first, rig.provider.asked, b.results], [second, 1, ["adopted"]]);
  }));

Deno.test("a process that waits longer than 10 s for the lock tells its callers to come back", () =>
  withRig(async (rig) => {
    const go = rig.provider.hold();
    await seeded(rig);
    const b = await rig.start();
    const waiting = refusal(() => b.token());
    await rig.clock.advance(11_000);
    const error = await waiting;
    assertEquals(error.code, "credential_unavailable");
    assert(error.retryAfterSeconds !== null);
    go();
    await rig.clock.advance(3000);
    await b.token();
    assertEquals(rig.provider.asked, 1);
  }));

Deno.test("the intent is stored before the request leaves, and the token is handed out after the commit (rule 4)", () =>
  withRig(async (rig) => {
    const atSending: unknown[] = [];
    const place = await rig.stored();
    const fetch = rig.provider.fetch.bind(rig.provider);
    rig.provider.fetch = async (request) => {
      const stored = await place.load();
      atSending.push([stored?.record.intent !== null, stored?.record.intent?.losses]);
      return await fetch(request);
    };
    const commit = Promise.withResolvers<void>();
    const machine = await seeded(rig, { failpoint: (step) => step === "redeemed" ? commit.promise : undefined });
    let token: string | null = null;
    const caller = machine.token().then((value) => token = value);
    await rig.clock.advance(1000);
    assertEquals([atSending, token], [[[true, 0]], null]);
    machine.store.fail({ kind: "delay", ms: 1000 }, { calls: ["commit"] });
    commit.resolve();
    await rig.clock.advance(900);
    assertEquals(token, null);
    await rig.clock.advance(200);
    await caller;
    const stored = await (await rig.stored()).load();
    assertEquals([stored?.record.accessToken, stored?.record.intent], [token, null]);
    assertEquals(machine.steps, ["lock_taken", "reread", "intent_stored", "redeemed", "stored"]);
  }));

Deno.test("an intent that cannot be stored sends nothing", () =>
  withRig(async (rig) => {
    const machine = await served(rig);
    const first = await machine.token();
    machine.store.fail({ kind: "unavailable" }, { calls: ["commit"] });
    await rig.clock.advance(9 * MINUTE);
    assertEquals([rig.provider.asked, await machine.token()], [1, first]);
    assertEquals(machine.credential.health().state, "stale");
    machine.store.heal();
    await rig.clock.advance(60_000);
    assertEquals([rig.provider.asked, machine.credential.health().state], [2, "valid"]);
  }));

Deno.test("invalid_grant with another pair in the store was a race: the new one is used (rule 8)", () =>
  withRig(async (rig) => {
    const machine = await served(rig);
    const go = rig.provider.hold();
    await rig.clock.advance(9 * MINUTE);
    rig.provider.revoke(rig.provider.tokenRequests[0]?.form.get("refresh_token") ?? "");
    const theirs = await loginElsewhere(rig);
    go();
    await rig.clock.advance(100);
    assertEquals([await machine.token(), machine.credential.health().state], [theirs, "valid"]);
  }));

Deno.test("reauth_required: nothing deleted, nobody asked, kept over a restart; a login elsewhere is taken up within 2 s", () =>
  withRig(async (rig) => {
    const first = await served(rig);
    rig.provider.revoke(await storedRefreshToken(rig));
    await rig.clock.advance(20 * MINUTE);
    const since = first.credential.health().since;
    assertEquals(first.credential.health().state, "reauth_required");
    assert((await (await rig.stored()).load())?.record.refreshToken);
    first.kill();
    const machine = await rig.start();
    await rig.clock.advance(20 * MINUTE);
    assertEquals((await refusal(() => machine.token())).status, 503);
    const health = machine.credential.health();
    assertEquals([health.state, health.since, health.serving], ["reauth_required", since, false]);
    assertEquals(rig.provider.asked, 2);
    const theirs = await loginElsewhere(rig);
    await rig.clock.advance(1999);
    assertEquals([await machine.token(), machine.credential.health().state], [theirs, "valid"]);
    await rig.clock.advance(10 * MINUTE);
    assertEquals([rig.provider.asked, rig.provider.reuses], [3, []]);
  }));

Deno.test("a client that the provider refuses is asked again only after a login elsewhere", () =>
  withRig(async (rig) => {
    rig.provider.next({ kind: "answer", status: 401, body: { error: "invalid_client" } });
    const machine = await seeded(rig);
    await rig.clock.advance(MINUTE);
    assertEquals(machine.credential.health().state, "reauth_required");
    const theirs = await loginElsewhere(rig);
    await rig.clock.advance(1999);
    assertEquals([await machine.token(), rig.provider.asked], [theirs, 1]);
  }));

Deno.test("a logout elsewhere is noticed within 5 s, and a login after it within 2 s", () =>
  withRig(async (rig) => {
    const machine = await served(rig);
    await logoutElsewhere(rig);
    await rig.clock.advance(5000);
    assertEquals((await refusal(() => machine.token())).code, "reauth_required");
    assertEquals(machine.credential.secrets(), []);
    await rig.clock.advance(MINUTE);
    const theirs = await loginElsewhere(rig);
    await rig.clock.advance(1999);
    assertEquals([await machine.token(), rig.provider.asked], [theirs, 1]);
  }));

Deno.test("a logout while a redeem is under way is not undone by it (rule 19)", () =>
  withRig(async (rig) => {
    const machine = await served(rig);
    const go = rig.provider.hold();
    await rig.clock.advance(9 * MINUTE);
    await logoutElsewhere(rig);
    go();
    await rig.clock.advance(10_000);
    assertEquals(await (await rig.stored()).load(), null);
    assertEquals((await refusal(() => machine.token())).code, "reauth_required");
  }));

Deno.test("a login while a redeem is under way wins", () =>
  withRig(async (rig) => {
    const machine = await served(rig);
    const go = rig.provider.hold();
    await rig.clock.advance(9 * MINUTE);
    const theirs = await loginElsewhere(rig);
    go();
    await rig.clock.advance(10_000);
    assertEquals((await (await rig.stored()).load())?.record.accessToken, theirs);
    assertEquals([await machine.token(), machine.credential.health().state], [theirs, "valid"]);
  }));

Deno.test("a lock that was lost before the request leaves sends nothing (rule 2)", () =>
  withRig(async (rig) => {
    const store = await rig.stored();
    let times = 0;
    const machine = await seeded(rig, {
      failpoint: (step) => {
        if (step === "intent_stored" && ++times === 1) rig.locks.lose(store.name);
      },
    });
    await rig.clock.advance(500);
    assertEquals(rig.provider.asked, 0);
    await rig.clock.advance(5000);
    assertEquals([rig.provider.asked, rig.provider.reuses], [1, []]);
    await machine.token();
  }));

Deno.test("a slow look at the store never brings an older token back", () =>
  withRig(async (rig) => {
    const machine = await served(rig);
    const first = await machine.token();
    const record = await (await rig.stored()).load();
    assert(record !== null);
    // Another write of the same credential makes the look happen; it is answered late, after a renewal.
    await (await rig.stored()).save({ ...record.record, obtainedAt: record.record.obtainedAt + 1 }, record.version);
    const unseal = rig.vault.unseal.bind(rig.vault);
    const late = Promise.withResolvers<void>();
    let looks = 0;
    rig.vault.unseal = async (key, sealed) => {
      const value = await unseal(key, sealed);
      if (++looks === 1) await late.promise;
      return value;
    };
    await rig.clock.advance(5000);
    assertEquals(looks, 1);
    const { generation } = await machine.credential.authorize(never);
    await machine.credential.rejected(generation, never);
    const fresh = await machine.token();
    late.resolve();
    await rig.clock.advance(100);
    assertNotEquals(fresh, first);
    assertEquals(await machine.token(), fresh);
  }));
