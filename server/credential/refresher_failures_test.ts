import { assert, assertEquals, assertNotEquals } from "@std/assert";
import type { Behaviour } from "./testing/fake_provider.ts";
import { never, refusal, withRig } from "./testing/rig.ts";
import { seeded, served, storedRefreshToken } from "./testing/served.ts";
import { tokenOf } from "./testing/machine.ts";

const MINUTE = 60_000;
const LOST: Behaviour[] = [
  { kind: "lost", spends: false },
  { kind: "hang", spends: false },
  { kind: "answer", status: 500 },
  { kind: "answer", status: 502, body: "<html>" },
];
const PASSING: Behaviour[] = [
  { kind: "not_sent" },
  { kind: "answer", status: 429 },
  { kind: "answer", status: 503, body: "<html>" },
];

for (const behaviour of PASSING) {
  Deno.test(`a passing failure is tried again, and the old token served meanwhile: ${Deno.inspect(behaviour)}`, () =>
    withRig(async (rig) => {
      const machine = await served(rig);
      const first = await machine.token();
      rig.provider.next(behaviour, behaviour);
      await rig.clock.advance(8 * MINUTE + 45_500);
      const health = machine.credential.health();
      assertEquals([health.state, health.serving], ["stale", true]);
      assert(health.lastError !== null && health.fix !== null);
      assertEquals(tokenOf(await machine.credential.authorize(never)), first);
      await rig.clock.advance(15_000);
      assertEquals(machine.credential.health().state, "valid");
      assertEquals(machine.credential.health().lastError, null);
      assertNotEquals(await machine.token(), first);
      assertEquals(rig.provider.reuses, []);
    }));
}

Deno.test("a failure that lasts: the old token to its end, then 503 credential_unavailable with Retry-After, then back", () =>
  withRig(async (rig) => {
    const machine = await served(rig);
    const first = await machine.token();
    rig.provider.always({ kind: "answer", status: 503 });
    await rig.clock.advance(10 * MINUTE - 1);
    assertEquals(await machine.token(), first);
    await rig.clock.advance(1);
    const error = await refusal(() => machine.token());
    assertEquals([error.code, error.status], ["credential_unavailable", 503]);
    assert(error.retryAfterSeconds !== null && error.retryAfterSeconds >= 1 && error.retryAfterSeconds <= 72);
    const health = machine.credential.health();
    assertEquals([health.state, health.serving], ["stale", false]);
    rig.provider.always(null);
    await rig.clock.advance(73_000);
    assertNotEquals(await machine.token(), first);
    assertEquals(rig.provider.reuses, []);
  }));

Deno.test("callers do not ask a failing provider more often than the pause between two tries allows", () =>
  withRig(async (rig) => {
    rig.provider.always({ kind: "answer", status: 429 });
    const machine = await seeded(rig);
    await rig.clock.advance(0);
    for (let i = 0; i < 100; i++) {
      await refusal(() => machine.token());
      machine.credential.health();
      await rig.clock.advance(600);
    }
    assert(rig.provider.asked <= 8, `${rig.provider.asked}`);
    assert(rig.provider.asked >= 5, `${rig.provider.asked}`);
  }));

for (
  const headers of [{ "retry-after": "40" }, { "retry-after": new Date(Date.UTC(2026, 0, 1, 0, 0, 40)).toUTCString() }]
) {
  Deno.test(`Retry-After is obeyed and passed on: ${headers["retry-after"]}`, () =>
    withRig(async (rig) => {
      rig.provider.next({ kind: "answer", status: 503, headers });
      const machine = await seeded(rig);
      await rig.clock.advance(10_000);
      assertEquals((await refusal(() => machine.token())).retryAfterSeconds, 30);
      await rig.clock.advance(29_000);
      assertEquals(rig.provider.asked, 1);
      await rig.clock.advance(1000);
      assertEquals(rig.provider.asked, 2);
      await machine.token();
    }));
}

for (const value of ["0", "Thu, 01 Jan 1970 00:00:00 GMT"]) {
  Deno.test(`Retry-After: ${value} makes no tight loop`, () =>
    withRig(async (rig) => {
      for (let i = 0; i < 50; i++) {
        rig.provider.next({ kind: "answer", status: 429, headers: { "retry-after": value } });
      }
      await seeded(rig);
      await rig.clock.advance(10_000);
      assert(rig.provider.asked <= 13, `asked ${rig.provider.asked} times in 10 s`);
      assert(rig.provider.asked >= 2);
    }));
}

for (const behaviour of LOST) {
  Deno.test(`a lost answer waits for the old token's end, then one retry saves it: ${Deno.inspect(behaviour)}`, () =>
    withRig(async (rig) => {
      const machine = await served(rig);
      const first = await machine.token();
      const spent = await storedRefreshToken(rig);
      rig.provider.next(behaviour);
      await rig.clock.advance(10 * MINUTE - 1);
      assertEquals([rig.provider.asked, await machine.token()], [2, first]);
      assertEquals(machine.credential.health().state, "stale");
      await rig.clock.advance(1500);
      assertEquals(rig.provider.asked, 3);
      assertEquals(rig.provider.tokenRequests[2]?.form.get("refresh_token"), spent);
      assertNotEquals(await machine.token(), first);
      assertEquals(machine.credential.health().state, "valid");
    }));
}

Deno.test("a lost answer of a provider that did rotate: one retry, then a login is needed, and nobody asks again", () =>
  withRig(async (rig) => {
    const machine = await served(rig);
    const first = await machine.token();
    rig.provider.next({ kind: "lost", spends: true });
    await rig.clock.advance(10 * MINUTE - 1);
    assertEquals([rig.provider.asked, await machine.token()], [2, first]);
    await rig.clock.advance(2 * MINUTE);
    assertEquals((await refusal(() => machine.token())).code, "reauth_required");
    await rig.clock.advance(60 * MINUTE);
    assertEquals([rig.provider.asked, rig.provider.reuses.length], [3, 1]);
  }));

Deno.test("two lost answers to one refresh token: a login is needed, also for the next process", () =>
  withRig(async (rig) => {
    const machine = await served(rig);
    rig.provider.always({ kind: "lost", spends: false });
    await rig.clock.advance(20 * MINUTE);
    assertEquals(rig.provider.asked, 3);
    assertEquals((await refusal(() => machine.token())).code, "reauth_required");
    machine.kill();
    rig.provider.always(null);
    const next = await rig.start();
    await rig.clock.advance(20 * MINUTE);
    assertEquals((await refusal(() => next.token())).code, "reauth_required");
    assertEquals(rig.provider.asked, 3);
  }));

Deno.test("a lost answer without an old token is tried again after a pause, once", () =>
  withRig(async (rig) => {
    rig.provider.next({ kind: "lost", spends: false });
    const machine = await seeded(rig);
    await rig.clock.advance(2000);
    assertEquals(rig.provider.asked, 2);
    await machine.token();
  }));

Deno.test("after a lost answer a laptop that slept past the old token's end asks at once", () =>
  withRig(async (rig) => {
    rig.provider.lifetime = 3600;
    const machine = await served(rig);
    rig.provider.next({ kind: "lost", spends: false });
    await rig.clock.advance(56 * MINUTE);
    assertEquals(rig.provider.asked, 2);
    rig.clock.jump(60 * MINUTE);
    assert(rig.provider.accepts(await machine.token()));
    assertEquals(rig.provider.asked, 3);
  }));

Deno.test("a sent request is left open for 60 s, and never raced", () =>
  withRig(async (rig) => {
    rig.provider.next({ kind: "late", ms: 59_000 });
    const machine = await seeded(rig);
    const waiting = machine.token();
    await rig.clock.advance(58_000);
    assertEquals(rig.provider.asked, 1);
    await rig.clock.advance(1000);
    assert(rig.provider.accepts(await waiting));
    assertEquals([rig.provider.asked, rig.provider.mostAtOnce], [1, 1]);
  }));

for (
  const [status, error] of [[400, "invalid_client"], [401, "invalid_client"], [400, "invalid_scope"], [403, ""], [
    404,
    "",
  ]] as const
) {
  Deno.test(`another 4xx (${status} ${error}) is never asked again`, () =>
    withRig(async (rig) => {
      rig.provider.always({ kind: "answer", status, body: { error, error_description: "canary" } });
      const machine = await seeded(rig);
      await rig.clock.advance(60 * MINUTE);
      for (let i = 0; i < 5; i++) assertEquals((await refusal(() => machine.token())).code, "reauth_required");
      assertEquals(rig.provider.asked, 1);
      assert(rig.provider.isLive(await storedRefreshToken(rig)), "nothing is deleted");
    }));
}

for (const how of ["breaks", "twice", "garbage"] as const) {
  Deno.test(`after a 200 that cannot be read (${how}) the old refresh token is never sent again`, () =>
    withRig(async (rig) => {
      const machine = await served(rig);
      const first = await machine.token();
      rig.provider.next({ kind: "mangled", how });
      await rig.clock.advance(9 * MINUTE);
      assertEquals([machine.credential.health().state, await machine.token()], ["reauth_required", first]);
      await rig.clock.advance(9 * MINUTE);
      assertEquals((await refusal(() => machine.token())).code, "reauth_required");
      machine.kill();
      const next = await rig.start();
      await rig.clock.advance(9 * MINUTE);
      await refusal(() => next.token());
      assertEquals([rig.provider.asked, rig.provider.reuses.length], [2, 0]);
    }));
}

Deno.test("an answer without a refresh token keeps the old one (rule 6)", () =>
  withRig(async (rig) => {
    rig.provider.rotates = false;
    const machine = await served(rig);
    const kept = await storedRefreshToken(rig);
    await rig.clock.advance(30 * MINUTE);
    assert(rig.provider.asked >= 4);
    assertEquals(await storedRefreshToken(rig), kept);
    assertEquals(new Set(rig.provider.tokenRequests.map(({ form }) => form.get("refresh_token"))).size, 1);
    assert(rig.provider.accepts(await machine.token()));
  }));

Deno.test("an answer with extras that nobody could verify is kept (rule 7)", () =>
  withRig(async (rig) => {
    rig.provider.next({
      kind: "good",
      fields: { id_token: "not.a.jwt", token_type: "dpop", scope: 5, expires_in: {} },
    });
    const machine = await seeded(rig);
    assert(rig.provider.accepts(await machine.token()));
    assert(rig.provider.isLive(await storedRefreshToken(rig)));
  }));

Deno.test("a redirect from the token endpoint is not followed (rule 18)", () =>
  withRig(async (rig) => {
    const headers = { location: "https://evil.example/token" };
    rig.provider.always({ kind: "answer", status: 307, headers });
    const machine = await seeded(rig);
    await refusal(() => machine.token());
    assertEquals(new Set(rig.provider.seen.map(({ url }) => url)).size, 1);
  }));

Deno.test("a store that was away for long is asked again within five seconds, whatever failed before", () =>
  withRig(async (rig) => {
    const machine = await seeded(rig);
    machine.store.fail({ kind: "unavailable" });
    await rig.clock.advance(30 * 60_000);
    assertEquals(machine.credential.health().state, "stale");
    machine.store.heal();
    await rig.clock.advance(6_000);
    assertEquals(machine.credential.health().state, "valid");
  }));
