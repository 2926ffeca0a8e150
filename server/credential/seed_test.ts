import { assert, assertEquals, assertNotEquals, assertRejects } from "@std/assert";
import { GatehouseError } from "../errors/mod.ts";
import { Secret } from "../secrets/mod.ts";
import { UnsealError } from "../storage/mod.ts";
import { refusal, withRig } from "./testing/rig.ts";
import { storedRefreshToken } from "./testing/served.ts";

Deno.test("a seed is adopted once ever: put back after rotation it does nothing", () =>
  withRig(async (rig) => {
    const settings = { refreshToken: new Secret(rig.provider.grant().refreshToken) };
    for (let i = 0; i < 3; i++) {
      const machine = await rig.start({ settings });
      assert(rig.provider.accepts(await machine.token()));
      await rig.clock.advance(540_000);
      await machine.stop();
    }
    assertEquals(rig.provider.reuses, []);
  }));

Deno.test("a new seed replaces what is stored; the one before it does nothing any more", () =>
  withRig(async (rig) => {
    const [one, two] = [rig.provider.grant().refreshToken, rig.provider.grant().refreshToken];
    const tokens: string[] = [];
    for (const seed of [one, two, one]) {
      const machine = await rig.start({ settings: { refreshToken: new Secret(seed) } });
      tokens.push(await machine.token());
      await machine.stop();
    }
    assertEquals(rig.provider.tokenRequests.map(({ form }) => form.get("refresh_token")), [one, two]);
    assertEquals(tokens[2], tokens[1]);
  }));

Deno.test("a new seed lifts reauth_required", () =>
  withRig(async (rig) => {
    const dead = rig.provider.grant().refreshToken;
    rig.provider.revoke(dead);
    const first = await rig.start({ settings: { refreshToken: new Secret(dead) } });
    assertEquals((await refusal(() => first.token())).code, "reauth_required");
    const seed = rig.provider.grant().refreshToken;
    const second = await rig.start({ settings: { refreshToken: new Secret(seed) } });
    assert(rig.provider.accepts(await second.token()));
    await rig.clock.advance(2000);
    assertEquals([await first.token(), rig.provider.asked], [await second.token(), 2]);
  }));

Deno.test("a seed stays adopted after a logout", () =>
  withRig(async (rig) => {
    const settings = { refreshToken: new Secret(rig.provider.grant().refreshToken) };
    await (await rig.start({ settings })).token();
    await (await rig.stored()).forget();
    const again = await rig.start({ settings });
    assertEquals((await refusal(() => again.token())).code, "reauth_required");
    assertEquals(rig.provider.asked, 1);
  }));

Deno.test("two processes that start with one new seed redeem it once", () =>
  withRig(async (rig) => {
    const settings = { refreshToken: new Secret(rig.provider.grant().refreshToken) };
    const machines = await Promise.all([rig.start({ settings }), rig.start({ settings })]);
    const tokens = await Promise.all(machines.map((machine) => machine.token()));
    assertEquals([tokens[0], rig.provider.asked], [tokens[1], 1]);
  }));

Deno.test("OAUTH_ACCESS_TOKEN is served until its end beside the refresh token, and read once", () =>
  withRig(async (rig) => {
    const { refreshToken, accessToken } = rig.provider.grant();
    const settings = {
      refreshToken: new Secret(refreshToken),
      accessToken: new Secret(accessToken),
      accessTokenExpiresAt: rig.clock.now() + 300_000,
    };
    const machine = await rig.start({ settings });
    assertEquals([await machine.token(), rig.provider.asked], [accessToken, 0]);
    await rig.clock.advance(300_000);
    assertEquals(rig.provider.asked, 1);
    const renewed = await machine.token();
    assertNotEquals(renewed, accessToken);
    assertEquals(await (await rig.start({ settings })).token(), renewed);
  }));

Deno.test("a lone OAUTH_ACCESS_TOKEN is served to its end, then a login is needed; it never replaces a stored credential", () =>
  withRig(async (rig) => {
    const { accessToken } = rig.provider.grant();
    const settings = { accessToken: new Secret(accessToken), accessTokenExpiresAt: rig.clock.now() + 60_000 };
    const machine = await rig.start({ settings });
    assertEquals(await machine.token(), accessToken);
    await rig.clock.advance(61_000);
    assertEquals((await refusal(() => machine.token())).code, "reauth_required");
    const seed = { refreshToken: new Secret(rig.provider.grant().refreshToken) };
    const good = await (await rig.start({ settings: seed })).token();
    const late = { accessToken: new Secret(rig.provider.grant().accessToken) };
    assertEquals(await (await rig.start({ settings: late })).token(), good);
  }));

Deno.test("a stored credential is never sent to another token endpoint, issuer or client", () =>
  withRig(async (rig) => {
    const seed = { refreshToken: new Secret(rig.provider.grant().refreshToken) };
    const token = await (await rig.start({ settings: seed })).token();
    const others = [
      { clientId: "client-2" },
      { tokenUrl: new URL("https://other.example/token") },
      { tokenUrl: new URL("https://idp.example/token?x=1") },
      { tokenUrl: null, issuer: new URL("https://idp.example/") },
    ];
    for (const settings of others) {
      const other = await rig.start({ settings });
      assertEquals((await refusal(() => other.token())).code, "reauth_required");
    }
    assertEquals(rig.provider.seen.length, 1);
    assertEquals(await (await rig.start()).token(), token);
  }));

Deno.test("the same seed for another client is a seed never seen there", () =>
  withRig(async (rig) => {
    const refreshToken = new Secret(rig.provider.grant().refreshToken);
    await (await rig.start({ settings: { refreshToken } })).token();
    const other = await rig.start({ settings: { refreshToken, clientId: "client-2" } });
    await refusal(() => other.token());
    assertEquals(rig.provider.asked, 2);
  }));

Deno.test("a record that cannot be unsealed stops the start, and neither a seed nor a login overwrites it", () =>
  withRig(async (rig) => {
    const first = await rig.start({ settings: { refreshToken: new Secret(rig.provider.grant().refreshToken) } });
    await first.token();
    await first.stop();
    for await (const { key, value } of rig.store.list<{ data: Uint8Array }>([])) {
      if (!("data" in value)) continue;
      await rig.store.commit({ puts: [{ key, value: { ...value, data: value.data.map((byte) => byte ^ 1) } }] });
    }
    const before = await Array.fromAsync(rig.store.list([]));
    await assertRejects(() => rig.start(), UnsealError);
    const refreshToken = new Secret(rig.provider.grant().refreshToken);
    await assertRejects(() => rig.start({ settings: { refreshToken } }), UnsealError);
    const place = await rig.stored();
    await assertRejects(() => place.replace({ ...EMPTY }), UnsealError);
    assertEquals(await Array.fromAsync(rig.store.list([])), before);
    assertEquals(rig.provider.asked, 1);
  }));

Deno.test("a store that is down at the start stops nothing: the seed is adopted when it is back", () =>
  withRig(async (rig) => {
    const get = rig.store.get;
    const seed = rig.provider.grant().refreshToken;
    rig.store.get = () => Promise.reject(new GatehouseError("storage_unavailable", "Cannot read the store"));
    const machine = await rig.start({ settings: { refreshToken: new Secret(seed) } });
    assertEquals((await refusal(() => machine.token())).code, "credential_unavailable");
    rig.store.get = get;
    await rig.clock.advance(5000);
    assert(rig.provider.accepts(await machine.token()));
    assert(rig.provider.isLive(await storedRefreshToken(rig)));
  }));

const EMPTY = {
  v: 1,
  refreshToken: "r",
  accessToken: null,
  expiresAt: null,
  obtainedAt: 0,
  intent: null,
  reauth: null,
} as const;
