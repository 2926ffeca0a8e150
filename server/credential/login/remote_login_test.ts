import { assert, assertEquals, assertRejects } from "@std/assert";
import { GatehouseError } from "../../errors/mod.ts";
import type { Store } from "../../storage/mod.ts";
import { withFaults } from "../../storage/testing.ts";
import { json } from "../testing/fake_provider.ts";
import { never } from "../testing/rig.ts";

import {
  ADMIN,
  confirm,
  DEVICE,
  error,
  HOUR,
  OPTIONS,
  PROMPT,
  storedAccessToken,
  withLogins,
} from "./remote_login_fixture.ts";

Deno.test("start() shows the prompt and goes on until the person has confirmed it, for every process to see", () =>
  withLogins(async (rig, process) => {
    const [here, elsewhere] = [process(), process()];
    const { id, prompt } = await here.start(never, ADMIN);
    assertEquals([prompt.userCode, prompt.verificationUri, prompt.expiresIn], [
      "ABCD-EFGH",
      PROMPT.verification_uri,
      600,
    ]);
    await rig.clock.advance(12_000);
    assertEquals([await here.state(id), await elsewhere.state(id)], ["pending", "pending"]);
    const token = confirm(rig);
    await rig.clock.advance(5000);
    assertEquals([await here.state(id), await elsewhere.state(id)], ["done", "done"]);
    assertEquals(await storedAccessToken(rig), token);
  }));

Deno.test("a remote login on a real store, sealed, for as odd a time as a provider may name", () =>
  withLogins(async (rig, process) => {
    rig.provider.page(DEVICE, () => json(200, { ...PROMPT, expires_in: 600.12345, interval: 2.5 }));
    const logins = process();
    const { id } = await logins.start(never, ADMIN);
    const token = confirm(rig);
    await rig.clock.advance(3000);
    assertEquals([await logins.state(id), await storedAccessToken(rig)], ["done", token]);
    rig.provider.page(DEVICE, () => json(200, { ...PROMPT, expires_in: 1e300, interval: 5 }));
    const endless = await logins.start(never, ADMIN);
    assertEquals([await logins.state(endless.id), await logins.cancel(endless.id)], ["pending", true]);
  }, { ...OPTIONS, real: true }));

Deno.test("a running server takes up what a remote login has stored, within a second where it needs one", () =>
  withLogins(async (rig, process) => {
    const machine = await rig.start();
    assertEquals(machine.credential.health().state, "reauth_required");
    await process().start(never, ADMIN);
    const token = confirm(rig);
    await rig.clock.advance(5000);
    await rig.clock.advance(1000);
    assertEquals([machine.credential.health().state, await machine.token()], ["valid", token]);
  }));

Deno.test("a remote login replaces a credential that works, and the running server takes the new one", () =>
  withLogins(async (rig, process) => {
    const pair = rig.provider.grant();
    const machine = await rig.start();
    await (await rig.stored()).replace({
      v: 1,
      ...pair,
      expiresAt: rig.clock.now() + HOUR,
      obtainedAt: rig.clock.now(),
      intent: null,
      reauth: null,
    });
    await rig.clock.advance(5000);
    assertEquals(await machine.token(), pair.accessToken);
    await process().start(never, ADMIN);
    const token = confirm(rig);
    await rig.clock.advance(10_000);
    assertEquals(await machine.token(), token);
  }));

for (
  const [how, state] of [["access_denied", "denied"], ["expired_token", "expired"], [
    "unknown_words",
    "denied",
  ]] as const
) {
  Deno.test(`a remote login that the provider ends with ${how} is ${state}`, () =>
    withLogins(async (rig, process) => {
      const logins = process();
      const { id } = await logins.start(never, ADMIN);
      rig.provider.next(error(how));
      await rig.clock.advance(5000);
      assertEquals([await logins.state(id), await storedAccessToken(rig)], [state, null]);
      assert(rig.log.lines.some((line) => line.includes(id) && line.includes("reason")), "the log has the reason");
    }));
}

Deno.test("a remote login that nobody confirms expires, can be seen for an hour, and is forgotten", () =>
  withLogins(async (rig, process) => {
    const logins = process();
    const { id } = await logins.start(never, ADMIN);
    await rig.clock.advance(599_000);
    assertEquals(await logins.state(id), "pending");
    await rig.clock.advance(1000);
    assertEquals(await logins.state(id), "expired");
    await rig.clock.advance(HOUR - 1000);
    assertEquals(await logins.state(id), "expired");
    await rig.clock.advance(1000);
    assertEquals([await logins.state(id), await logins.cancel(id)], [null, false]);
  }));

Deno.test("a pending login whose process has died reads as expired when its time is over", () =>
  withLogins(async (rig, process) => {
    const logins = process();
    const record = { v: 1, state: "pending", expiresAt: rig.clock.now() + 600_000 };
    await rig.store.commit({ puts: [{ key: ["login", "orphan"], value: record }] });
    assertEquals(await logins.state("orphan"), "pending");
    await rig.clock.advance(600_000);
    assertEquals(await logins.state("orphan"), "expired");
    assertEquals([await logins.cancel("orphan"), await logins.state("orphan")], [true, null]);
  }));

Deno.test("cancel() ends a login at once: the provider is asked no more, and it is forgotten", () =>
  withLogins(async (rig, process) => {
    const logins = process();
    const { id } = await logins.start(never, ADMIN);
    await rig.clock.advance(6000);
    assertEquals(await logins.cancel(id), true);
    await rig.clock.advance(0);
    assertEquals([await logins.state(id), await logins.cancel(id)], [null, false]);
    confirm(rig);
    await rig.clock.advance(60_000);
    assertEquals([rig.provider.asked, await storedAccessToken(rig)], [1, null]);
  }));

Deno.test("cancel() by another process is noticed within two seconds", () =>
  withLogins(async (rig, process) => {
    const { id } = await process().start(never, ADMIN);
    await rig.clock.advance(2500);
    assertEquals(await process().cancel(id), true);
    await rig.clock.advance(2000);
    confirm(rig);
    await rig.clock.advance(60_000);
    assertEquals([rig.provider.asked, await storedAccessToken(rig)], [0, null]);
  }));

Deno.test("a login that another process cancels while the tokens are on their way stores nothing", () =>
  withLogins(async (rig, process) => {
    const { id } = await process().start(never, ADMIN);
    confirm(rig);
    const release = rig.provider.hold();
    await rig.clock.advance(5000);
    assertEquals(rig.provider.asked, 1);
    const elsewhere = process();
    assertEquals(await elsewhere.cancel(id), true);
    release();
    await rig.clock.advance(0);
    assertEquals([await storedAccessToken(rig), await elsewhere.state(id)], [null, null]);
  }));

Deno.test("a cancellation between the last look and the commit wins: credential and end are one commit", () =>
  withLogins(async (rig, process) => {
    const elsewhere = process();
    let cancelled: boolean | null = null;
    const store: Store = {
      ...rig.store,
      get: rig.store.get,
      list: rig.store.list,
      close: () => {},
      async commit(change) {
        const stores = change.puts?.some(({ key }) => key[0] === "credential") ?? false;
        if (stores && cancelled === null) cancelled = await elsewhere.cancel(id);
        return await rig.store.commit(change);
      },
    };
    const { id } = await process({ store }).start(never, ADMIN);
    confirm(rig);
    await rig.clock.advance(5000);
    assertEquals([cancelled, await storedAccessToken(rig), await elsewhere.state(id)], [true, null, null]);
  }));

Deno.test("a login whose beginner may not any more is denied at the last moment, and stores nothing", () =>
  withLogins(async (rig, process) => {
    const admins = new Set([ADMIN, "admin2"]);
    const asked: string[] = [];
    const mayStill = (userId: string) => {
      asked.push(userId);
      return Promise.resolve(admins.has(userId));
    };
    const logins = process({ mayStill });
    const denied = await logins.start(never, ADMIN);
    await rig.clock.advance(2_000);
    confirm(rig);
    const release = rig.provider.hold();
    await rig.clock.advance(3_000);
    assertEquals([rig.provider.asked, asked], [1, []]);
    admins.delete(ADMIN);
    release();
    await rig.clock.advance(0);
    assertEquals([asked, await logins.state(denied.id), await storedAccessToken(rig)], [[ADMIN], "denied", null]);
    assert(rig.log.lines.some((line) => line.includes(denied.id) && line.includes("may not")));

    const { id } = await logins.start(never, "admin2");
    const token = confirm(rig);
    await rig.clock.advance(5_000);
    assertEquals([asked, await logins.state(id), await storedAccessToken(rig)], [[ADMIN, "admin2"], "done", token]);
  }));

Deno.test("a login is denied where nobody can say whether its beginner still may", () =>
  withLogins(async (rig, process) => {
    const fault = new GatehouseError("storage_unavailable", "Cannot read: the test says so");
    const logins = process({ mayStill: () => Promise.reject(fault) });
    const { id } = await logins.start(never, ADMIN);
    confirm(rig);
    await rig.clock.advance(5_000);
    assertEquals([await logins.state(id), await storedAccessToken(rig)], ["denied", null]);
  }));

Deno.test("a store that cannot take the credential makes the login denied, with the reason in the log", () =>
  withLogins(async (rig, process) => {
    const store = withFaults(rig.store, rig.clock);
    const logins = process({ store });
    const { id } = await logins.start(never, ADMIN);
    confirm(rig);
    store.fail({ kind: "unavailable" }, { calls: ["commit"], times: 1 });
    await rig.clock.advance(5000);
    assertEquals([await logins.state(id), await storedAccessToken(rig)], ["denied", null]);
    assert(rig.log.lines.some((line) => line.includes("the test says so")));
  }));

Deno.test("a login whose commit happened and whose answer was lost is done", () =>
  withLogins(async (rig, process) => {
    const store = withFaults(rig.store, rig.clock);
    const logins = process({ store });
    const { id } = await logins.start(never, ADMIN);
    const token = confirm(rig);
    store.fail({ kind: "answer_lost" }, { calls: ["commit"], times: 1 });
    await rig.clock.advance(5000);
    assertEquals([await logins.state(id), await storedAccessToken(rig)], ["done", token]);
  }));

Deno.test("a store that is away for a while does not end a login", () =>
  withLogins(async (rig, process) => {
    const store = withFaults(rig.store, rig.clock);
    const logins = process({ store });
    const { id } = await logins.start(never, ADMIN);
    store.fail({ kind: "unavailable" });
    await rig.clock.advance(20_000);
    await assertRejects(() => logins.state(id), GatehouseError);
    store.heal();
    confirm(rig);
    await rig.clock.advance(5000);
    assertEquals(await logins.state(id), "done");
  }));
