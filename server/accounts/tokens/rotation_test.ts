import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { Secret } from "../../secrets/mod.ts";
import type { User } from "../users/users.ts";
import { assertCode, DAY, type Process, withRig } from "./tokens_fixture.ts";

const refuse = (tokens: Process, shown: Secret) => assertCode("invalid_grant", () => tokens.refresh(shown));

Deno.test("refresh() gives a new pair, and both access tokens stay good", () =>
  withRig(async (rig) => {
    const [one, two] = [rig.start(), rig.start()];
    const first = await one.issue(rig.addUser());
    const second = await two.refresh(first.refreshToken);
    assert(!second.refreshToken.equals(first.refreshToken));
    assert(!second.accessToken.equals(first.accessToken));
    assertEquals([first.expiresIn, second.expiresIn], [1800, 1800]);
    assertEquals(await one.verify(first.accessToken), await one.verify(second.accessToken));
  }));

Deno.test("refresh() within the grace gives the same successor with a new access token, from any process", () =>
  withRig(async (rig) => {
    const [one, two] = [rig.start(), rig.start()];
    const { refreshToken } = await one.issue(rig.addUser());
    const next = await one.refresh(refreshToken);
    for (const [tokens, wait] of [[one, 0], [two, 4_000], [one, 5_999]] as const) {
      await rig.clock.advance(wait);
      const again = await tokens.refresh(refreshToken);
      assert(again.refreshToken.equals(next.refreshToken));
      assert(!again.accessToken.equals(next.accessToken));
      await two.verify(again.accessToken);
    }
    await rig.clock.advance(1);
    await refuse(two, refreshToken);
  }));

Deno.test("refresh() with a token that was used before the grace ends its login, successors included", () =>
  withRig(async (rig) => {
    const [one, two] = [rig.start(), rig.start()];
    const first = await one.issue(rig.addUser());
    const second = await one.refresh(first.refreshToken);
    await two.verify(second.accessToken);
    await rig.clock.advance(10_000);
    await refuse(one, first.refreshToken);
    assertEquals(rig.warnings, ["a refresh token was used again: its login is revoked"]);
    await refuse(two, second.refreshToken);
    await assertCode("invalid_token", () => one.verify(second.accessToken));
    await rig.clock.advance(1_000);
    for (const { accessToken } of [first, second]) await assertCode("invalid_token", () => two.verify(accessToken));
  }));

Deno.test("refresh() with the token before the last ends its login even within the grace", () =>
  withRig(async (rig) => {
    const tokens = rig.start();
    const first = await tokens.issue(rig.addUser());
    const second = await tokens.refresh(first.refreshToken);
    const third = await tokens.refresh(second.refreshToken);
    await refuse(tokens, first.refreshToken);
    await refuse(tokens, third.refreshToken);
  }));

Deno.test("refresh() of one token by many processes at once gives all the same successor", () =>
  withRig(async (rig) => {
    const processes = Array.from({ length: 6 }, () => rig.start());
    let { refreshToken } = await rig.start().issue(rig.addUser());
    for (let round = 0; round < 5; round++) {
      const grants = await Promise.all(processes.map((tokens) => tokens.refresh(refreshToken)));
      const texts = new Set(grants.map((grant) => grant.refreshToken.reveal()));
      assertEquals(texts.size, 1);
      const [text = ""] = texts;
      assertNotEquals(text, refreshToken.reveal());
      refreshToken = new Secret(text);
    }
    assertEquals(rig.warnings, []);
  }));

Deno.test("refresh() whose answer was lost, or that did not happen, gives the one successor when it is tried again", () =>
  withRig(async (rig) => {
    for (const kind of ["answer_lost", "unavailable"] as const) {
      const [one, two] = [rig.start(), rig.start()];
      const { refreshToken } = await one.issue(rig.addUser());
      one.store.fail({ kind }, { calls: ["commit"], times: 1 });
      await assertCode("storage_unavailable", () => one.refresh(refreshToken));
      const next = await two.refresh(refreshToken);
      assert((await one.refresh(refreshToken)).refreshToken.equals(next.refreshToken));
      await one.refresh(next.refreshToken);
    }
  }));

Deno.test("refresh() passes on storage_unavailable of the store and of the users, and changes nothing", () =>
  withRig(async (rig) => {
    const { refreshToken } = await rig.start().issue(rig.addUser());
    const storeless = rig.start();
    storeless.store.fail({ kind: "unavailable" }, { calls: ["get"] });
    await assertCode("storage_unavailable", () => storeless.refresh(refreshToken));
    const userless = rig.start({ user: async (id) => (await storeless.store.get<User>([id]))?.value ?? null });
    await assertCode("storage_unavailable", () => userless.refresh(refreshToken));
    await rig.start().refresh(refreshToken);
  }));

Deno.test("issue() that fails leaves nothing that would do any harm", () =>
  withRig(async (rig) => {
    const user = rig.addUser();
    for (const kind of ["answer_lost", "unavailable"] as const) {
      const tokens = rig.start();
      tokens.store.fail({ kind }, { calls: ["commit"], times: 1 });
      await assertCode("storage_unavailable", () => tokens.issue(user));
      const { refreshToken } = await tokens.issue(user);
      await tokens.refresh(refreshToken);
    }
  }));

Deno.test("refresh() ends the login of a user who is disabled, gone, or has a new password", () =>
  withRig(async (rig) => {
    for (const now of ["disabled", "gone", "new password"]) {
      const tokens = rig.start();
      const user = rig.addUser();
      const { refreshToken, accessToken } = await tokens.issue(user);
      await tokens.verify(accessToken);
      if (now === "gone") rig.users.delete(user.id);
      if (now === "disabled") rig.users.set(user.id, { ...user, disabled: true });
      if (now === "new password") rig.users.set(user.id, { ...user, generation: 1 });
      await refuse(tokens, refreshToken);
      await assertCode("invalid_token", () => tokens.verify(accessToken));
      rig.users.set(user.id, user);
      await refuse(tokens, refreshToken);
    }
  }));

Deno.test("refresh() keeps a login for 30 days after its last use, though the store has not cleared it away", () =>
  withRig(async (rig) => {
    const tokens = rig.start();
    let { refreshToken } = await tokens.issue(rig.addUser());
    for (let times = 0; times < 3; times++) {
      rig.clock.jump(30 * DAY - 1);
      ({ refreshToken } = await tokens.refresh(refreshToken));
    }
    rig.clock.jump(30 * DAY);
    await refuse(tokens, refreshToken);
    assert((await Array.fromAsync(rig.store.list(["token_family"]))).length === 1);
  }));

Deno.test("the store holds nothing that a token could be made of", () =>
  withRig(async (rig) => {
    const tokens = rig.start();
    const first = await tokens.issue(rig.addUser());
    const second = await tokens.refresh(first.refreshToken);
    const stored = Deno.inspect(await Array.fromAsync(rig.store.list([])), { depth: 10, strAbbreviateSize: 10_000 });
    for (const { accessToken, refreshToken } of [first, second]) {
      for (const secret of [accessToken, refreshToken]) {
        const code = secret.reveal().split(".").at(-1);
        assert(code !== undefined && code.length === 43 && !stored.includes(code));
      }
    }
  }));
