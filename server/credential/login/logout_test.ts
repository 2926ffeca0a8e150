import { assert, assertEquals, assertRejects } from "@std/assert";
import { json } from "../testing/fake_provider.ts";
import { loginOf } from "../testing/login_rig.ts";
import { never, type RigOptions, withRig } from "../testing/rig.ts";
import { served, storedRefreshToken } from "../testing/served.ts";
import { logout } from "./mod.ts";

const REVOKE = "https://idp.example/revoke";
const OPTIONS: RigOptions = { settings: { revokeUrl: new URL(REVOKE) } };

Deno.test("logout() revokes the refresh token, then forgets, in this order", () =>
  withRig(async (rig) => {
    const machine = await served(rig);
    const token = await storedRefreshToken(rig);
    await machine.stop();
    let storedThen: string | null = null;
    rig.provider.page(REVOKE, async ({ form }) => {
      storedThen = await storedRefreshToken(rig);
      rig.provider.revoke(form.get("token") ?? "");
      return json(200, "");
    });
    assertEquals(await logout(await loginOf(rig), never), { found: true, revoked: "yes" });
    assertEquals([storedThen, rig.provider.isLive(token)], [token, false]);
    assertEquals(await (await rig.stored()).load(), null);
    const sent = rig.provider.seen.at(-1);
    assertEquals([sent?.method, sent?.form.get("token"), sent?.form.get("client_id")], ["POST", token, "client-1"]);
    assertEquals(await logout(await loginOf(rig), never), { found: false, revoked: "no" });
  }, OPTIONS));

Deno.test("logout() forgets also what cannot be revoked, and says so", async () => {
  for (const answer of [() => json(503, ""), () => Promise.reject(new Error("canary"))]) {
    await withRig(async (rig) => {
      await (await served(rig)).stop();
      rig.provider.page(REVOKE, answer);
      assertEquals(await logout(await loginOf(rig), never), { found: true, revoked: "no" });
      assertEquals(await (await rig.stored()).load(), null);
    }, OPTIONS);
  }
  await withRig(async (rig) => {
    await (await served(rig)).stop();
    assertEquals(await logout(await loginOf(rig), never), { found: true, revoked: "unsupported" });
  });
});

Deno.test("logout() is the way out of a record that cannot be unsealed", () =>
  withRig(async (rig) => {
    await (await served(rig)).stop();
    for await (const { key, value } of rig.store.list<object>([])) {
      if ("data" in value) await rig.store.commit({ puts: [{ key, value: { ...value, data: new Uint8Array(20) } }] });
    }
    assertEquals(await logout(await loginOf(rig), never), { found: true, revoked: "no" });
    assertEquals(await (await rig.stored()).load(), null);
  }, OPTIONS));

Deno.test("logout() that is given up before the answer keeps the credential", () =>
  withRig(async (rig) => {
    await (await served(rig)).stop();
    rig.provider.page(REVOKE, (_, signal) =>
      new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason))));
    const stop = new AbortController();
    const context = await loginOf(rig);
    const left = assertRejects(
      () =>
        logout(context, stop.signal),
      RangeError,
      "mine",
    );
    await rig.clock.advance(100);
    stop.abort(new RangeError("mine"));
    await left;
    assert(rig.provider.isLive(await storedRefreshToken(rig)));
  }, OPTIONS));
