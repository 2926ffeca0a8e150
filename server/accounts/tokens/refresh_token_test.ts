import { assert, assertEquals, assertMatch } from "@std/assert";
import { ulid } from "@std/ulid";
import { Secret } from "../../secrets/mod.ts";
import { assertCode, JWT_SECRET, withRig } from "./tokens_fixture.ts";

Deno.test("refresh() refuses what it has not written exactly so, and harms no login by it", () =>
  withRig(async (rig) => {
    const tokens = rig.start();
    const user = rig.addUser();
    const mine = (await tokens.refresh((await tokens.issue(user)).refreshToken)).refreshToken;
    const other = (await tokens.refresh((await tokens.issue(user)).refreshToken)).refreshToken;
    const { accessToken } = await tokens.refresh(mine);
    const text = mine.reveal();
    assertMatch(text, /^ghr_[0-9A-Z]{26}\.1\.[\w-]{43}$/);
    const [head = "", , code = ""] = text.split(".");
    const spareBits = code.slice(0, -1) + String.fromCharCode(code.charCodeAt(42) + 1);
    const forgeries = [
      "",
      "ghr_",
      "ghr_..",
      head,
      `${head}.1`,
      `${head}.1.`,
      `${head}..${code}`,
      `${head}.0.${code}`,
      `${head}.2.${code}`,
      `${head}.01.${code}`,
      `${head}.+1.${code}`,
      `${head}.-1.${code}`,
      `${head}.1.0.${code}`,
      `${head}.1e0.${code}`,
      `${head}.0x1.${code}`,
      `${head}. 1.${code}`,
      `${head}.99999999999999999999.${code}`,
      `${head}.NaN.${code}`,
      `${head}.1.${code.slice(0, -1)}`,
      `${head}.1.${code}A`,
      `${head}.1.${code}=`,
      `${head}.1.${spareBits}`,
      `${head}.1.${other.reveal().split(".")[2]}`,
      `${other.reveal().split(".")[0]}.1.${code}`,
      `ghr_${ulid()}.1.${code}`,
      `${head.toLowerCase()}.1.${code}`,
      `${text}\n`,
      ` ${text}`,
      text.slice(4),
      text.toUpperCase(),
      text.repeat(100_000),
      "ghr_".repeat(1_000_000),
      accessToken.reveal(),
      `ghr_${accessToken.reveal()}`,
    ];
    for (const forged of forgeries) {
      assert(forged !== text && forged !== other.reveal());
      await assertCode("invalid_grant", () => tokens.refresh(new Secret(forged)));
    }
    assertEquals(rig.warnings, []);
    for (const good of [mine, other]) await tokens.refresh(good);
  }));

Deno.test("verify() refuses a refresh token, and refresh() an access token", () =>
  withRig(async (rig) => {
    const tokens = rig.start();
    const { accessToken, refreshToken } = await tokens.issue(rig.addUser());
    await assertCode("invalid_token", () => tokens.verify(refreshToken));
    await assertCode("invalid_grant", () => tokens.refresh(accessToken));
  }));

Deno.test("refresh() refuses the token of another install, and of another JWT_SECRET", () =>
  withRig(async (rig) => {
    const grant = await rig.start().issue(rig.addUser());
    const otherSecret = rig.start({ secret: new Secret(`${JWT_SECRET.reveal()}!`) });
    await assertCode("invalid_grant", () => otherSecret.refresh(grant.refreshToken));
    await withRig(async (elsewhere) => {
      await assertCode("invalid_grant", () => elsewhere.start().refresh(grant.refreshToken));
    });
  }));

Deno.test("refresh() takes a stored record that it cannot read for a login that has ended", () =>
  withRig(async (rig) => {
    const tokens = rig.start();
    const { accessToken, refreshToken } = await tokens.issue(rig.addUser());
    const [entry] = await Array.fromAsync(rig.store.list<Record<string, unknown>>(["token_family"]));
    assert(entry !== undefined);
    for (const value of [null, 1, "x", {}, { ...entry.value, n: "0" }, { ...entry.value, expiresAt: undefined }]) {
      await rig.store.commit({ puts: [{ key: entry.key, value }] });
      await assertCode("invalid_grant", () => tokens.refresh(refreshToken));
      await assertCode("invalid_token", () => rig.start().verify(accessToken));
    }
  }));
