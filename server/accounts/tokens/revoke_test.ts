import { assertEquals } from "@std/assert";
import { ulid } from "@std/ulid";
import { Secret } from "../../secrets/mod.ts";
import type { Grant } from "./tokens.ts";
import { assertCode, encode, INSTALL, MINUTE, type Process, withRig } from "./tokens_fixture.ts";

async function assertEnded(tokens: Process, { accessToken, refreshToken }: Grant): Promise<void> {
  await assertCode("invalid_token", () => tokens.verify(accessToken));
  await assertCode("invalid_grant", () => tokens.refresh(refreshToken));
}

Deno.test("revoke() ends the login of an access or a refresh token at once here, within a second elsewhere, and no other", () =>
  withRig(async (rig) => {
    for (const kind of ["accessToken", "refreshToken"] as const) {
      const [one, two] = [rig.start(), rig.start()];
      const user = rig.addUser();
      const [grant, other] = [await one.issue(user), await one.issue(user)];
      for (const tokens of [one, two]) await tokens.verify(grant.accessToken);
      await one.revoke(grant[kind]);
      await assertEnded(one, grant);
      await rig.clock.advance(1_000);
      await assertEnded(two, grant);
      await two.verify(other.accessToken);
      await two.refresh(other.refreshToken);
    }
  }));

Deno.test("revoke() takes an expired access token and a refresh token that was used", () =>
  withRig(async (rig) => {
    const tokens = rig.start();
    const old = await tokens.issue(rig.addUser());
    const used = await tokens.issue(rig.addUser());
    const next = await tokens.refresh(used.refreshToken);
    await rig.clock.advance(60 * MINUTE);
    await tokens.revoke(old.accessToken);
    await tokens.revoke(used.refreshToken);
    await assertEnded(tokens, old);
    await assertEnded(tokens, next);
  }));

Deno.test("revoke() does nothing, and no harm, for what is unknown, forged, or gone", () =>
  withRig(async (rig) => {
    const tokens = rig.start();
    const grant = await tokens.issue(rig.addUser());
    const gone = await tokens.issue(rig.addUser());
    await tokens.revoke(gone.refreshToken);
    const [header, payload] = grant.accessToken.reveal().split(".");
    const [head] = grant.refreshToken.reveal().split(".");
    const texts = [
      "",
      "sk-dummy",
      "..",
      "ghr_",
      gone.refreshToken.reveal(),
      gone.accessToken.reveal(),
      `${head}.0.${"A".repeat(43)}`,
      `ghr_${ulid()}.0.${"A".repeat(43)}`,
      `${header}.${payload}.${"A".repeat(43)}`,
      `${encode('{"alg":"none"}')}.${payload}.`,
      `${encode('{"alg":"none"}')}.${encode(JSON.stringify({ iss: INSTALL.id }))}.`,
      (await rig.start({ install: { id: ulid(), createdAt: 0 } }).issue(rig.addUser())).accessToken.reveal(),
      "x".repeat(1_000_000),
    ];
    for (const text of texts) await tokens.revoke(new Secret(text));
    await tokens.verify(grant.accessToken);
    await tokens.refresh(grant.refreshToken);
  }));

Deno.test("revoke() that failed can be tried again; one that happened unseen is in effect", () =>
  withRig(async (rig) => {
    for (const kind of ["unavailable", "answer_lost"] as const) {
      const tokens = rig.start();
      const grant = await tokens.issue(rig.addUser());
      await tokens.verify(grant.accessToken);
      tokens.store.fail({ kind }, { calls: ["commit"], times: 1 });
      await assertCode("storage_unavailable", () => tokens.revoke(grant.refreshToken));
      if (kind === "answer_lost") await assertEnded(tokens, grant);
      await tokens.revoke(grant.refreshToken);
      await assertEnded(tokens, grant);
    }
  }));

Deno.test("revoke() during a refresh elsewhere: the login has ended for good", () =>
  withRig(async (rig) => {
    const [one, two] = [rig.start(), rig.start()];
    const grant = await one.issue(rig.addUser());
    one.store.fail({ kind: "hang" }, { calls: ["commit"], times: 1 });
    const refreshing = assertCode("invalid_grant", () => one.refresh(grant.refreshToken));
    while (one.store.count("commit") < 2) await rig.clock.advance(0);
    await two.revoke(grant.refreshToken);
    one.store.heal();
    await refreshing;
    await assertEnded(one, grant);
    assertEquals(await Array.fromAsync(rig.store.list(["token_family"])), []);
  }));

Deno.test("revokeAllOf() ends all logins of one user, and leaves nothing of them", () =>
  withRig(async (rig) => {
    const tokens = rig.start();
    const [user, other] = [rig.addUser(), rig.addUser()];
    const kept = await tokens.issue(other);
    const grants = await Promise.all(Array.from({ length: 450 }, () => tokens.issue(user)));
    const rotated = await tokens.refresh((await tokens.issue(user)).refreshToken);
    await tokens.verify(rotated.accessToken);
    await tokens.revokeAllOf(user.id);
    for (const grant of [rotated, ...grants.slice(0, 3), ...grants.slice(-3)]) await assertEnded(tokens, grant);
    await tokens.verify(kept.accessToken);
    for (const prefix of [["token_family"], ["token_family_of"]]) {
      assertEquals((await Array.fromAsync(rig.store.list(prefix))).length, 1);
    }
    await tokens.revokeAllOf(user.id);
  }));

Deno.test("revokeAllOf() that was cut off ends the rest when it is called again", () =>
  withRig(async (rig) => {
    for (const kind of ["unavailable", "answer_lost"] as const) {
      const tokens = rig.start();
      const user = rig.addUser();
      const grants = await Promise.all(Array.from({ length: 250 }, () => tokens.issue(user)));
      tokens.store.fail({ kind }, { calls: ["commit"], times: 1 });
      await assertCode("storage_unavailable", () => tokens.revokeAllOf(user.id));
      await rig.start().revokeAllOf(user.id);
      for (const grant of [...grants.slice(0, 2), ...grants.slice(-2)]) await assertEnded(tokens, grant);
      assertEquals(await Array.fromAsync(rig.store.list(["token_family"])), []);
    }
  }));
