import { assertEquals } from "@std/assert";
import { GatehouseError } from "../errors/mod.ts";
import type { Secret } from "../secrets/mod.ts";
import type { Asking } from "./asking.ts";
import { askingAt } from "./asking_fixture.ts";
import type { ApiKey } from "./keys/keys.ts";
import { NO_LIMITS } from "./limits.ts";
import type { User } from "./users/users.ts";
import { cookieVerifier, keyVerifier, ticketVerifier, tokenVerifier, type Verifier } from "./verifiers.ts";
import { NOBODY, type Who } from "./who.ts";

const USER: User = {
  id: "u1",
  username: "ada",
  email: null,
  role: "admin",
  disabled: false,
  models: null,
  limits: NO_LIMITS,
  generation: 1,
  createdAt: 0,
};
const KEY: ApiKey = {
  id: "k1",
  userId: "u1",
  name: "ci",
  start: "gh_x",
  models: null,
  limits: NO_LIMITS,
  disabled: false,
  expiresAt: null,
  lastUsedAt: null,
  createdAt: 0,
};

const asking = (rest: Partial<Asking>) => askingAt("gate.example", rest);

/** The code that refuses, or who it is; null: not this verifier's business. */
async function verdict(verify: Verifier, rest: Partial<Asking>): Promise<string | Who | null> {
  try {
    return await verify(asking(rest));
  } catch (error) {
    if (error instanceof GatehouseError) return error.code;
    throw error;
  }
}

const keyOf = (key: ApiKey, user: User | null, open = false) =>
  keyVerifier({ keys: { verify: () => key }, users: { current: () => user }, open });

Deno.test("keyVerifier() knows a key by its prefix, in either header", async () => {
  const verify = keyOf(KEY, USER);
  assertEquals(await verdict(verify, { bearer: "sk-dummy" }), null);
  assertEquals(await verdict(verify, {}), null);
  for (const shown of [{ bearer: "gh_x" }, { apiKey: "gh_x" }, { bearer: "sk-dummy", apiKey: "gh_x" }]) {
    const who = await verify(asking(shown));
    assertEquals([who?.userId, who?.keyId, who?.via], ["u1", "k1", "api_key"]);
  }
});

Deno.test("keyVerifier() makes no admin of anybody's key", async () => {
  assertEquals((await keyOf(KEY, USER)(asking({ bearer: "gh_x" })))?.role, "user");
  assertEquals((await keyOf({ ...KEY, userId: "local" }, null, true)(asking({ bearer: "gh_x" })))?.role, "user");
});

Deno.test("keyVerifier() refuses the key of a user who is disabled or gone", async () => {
  assertEquals(await verdict(keyOf(KEY, null), { bearer: "gh_x" }), "invalid_api_key");
  assertEquals(await verdict(keyOf(KEY, { ...USER, disabled: true }), { bearer: "gh_x" }), "invalid_api_key");
});

Deno.test("keyVerifier() lets keys of the implicit user in only where that user is", async () => {
  const key = { ...KEY, userId: "local" };
  assertEquals(await verdict(keyOf(key, null, false), { bearer: "gh_x" }), "invalid_api_key");
  assertEquals((await keyOf(key, null, true)(asking({ bearer: "gh_x" })))?.userId, "local");
});

Deno.test("keyVerifier() binds the limits and models of user and key, the user's first", async () => {
  const limits = { ...NO_LIMITS, rpm: 5 };
  const who = await keyOf({ ...KEY, models: ["a"], limits }, { ...USER, models: ["a", "b"], limits })(
    asking({ bearer: "gh_x" }),
  );
  assertEquals(who?.models, [["a", "b"], ["a"]]);
  assertEquals(who?.limited.map(({ kind, id }) => [kind, id]), [["user", "u1"], ["key", "k1"]]);
  const free = await keyOf(KEY, USER)(asking({ bearer: "gh_x" }));
  assertEquals([free?.models, free?.limited], [[], []]);
});

const tokens = {
  isOurs: (text: string) => text.startsWith("ours"),
  verify: () => ({ userId: "u1", familyId: "f1", generation: 1 }),
};

Deno.test("tokenVerifier() judges its own and no other, and gives the user's role", async () => {
  const verify = tokenVerifier({ tokens, users: { current: () => USER } });
  assertEquals(await verdict(verify, { bearer: "sk-dummy", apiKey: "theirs" }), null);
  const who = await verify(asking({ apiKey: "ours" }));
  assertEquals([who?.userId, who?.role, who?.via, who?.keyId], ["u1", "admin", "token", null]);
});

Deno.test("tokenVerifier() refuses the token of a user who is disabled, gone, or has another password now", async () => {
  for (const user of [null, { ...USER, disabled: true }, { ...USER, generation: 2 }]) {
    const verify = tokenVerifier({ tokens, users: { current: () => Promise.resolve(user) } });
    assertEquals(await verdict(verify, { bearer: "ours" }), "invalid_token");
  }
});

Deno.test("cookieVerifier() takes a cookie from a page of this server alone", async () => {
  const verify = cookieVerifier({ tokens, users: { current: () => USER }, publicOrigin: null });
  const good: readonly Partial<Asking>[] = [
    {},
    { origin: "http://gate.example" },
    { origin: "https://gate.example", unsafe: true, secFetchSite: "same-origin" },
    { unsafe: true, secFetchSite: "same-origin" },
    { secFetchSite: "none" },
  ];
  for (const rest of good) assertEquals((await verify(asking({ cookie: "ours", ...rest })))?.via, "cookie");
  const bad: readonly Partial<Asking>[] = [
    { unsafe: true },
    { unsafe: true, secFetchSite: "none" },
    { unsafe: true, origin: "null" },
    { origin: "https://evil.example" },
    { origin: "http://gate.example:8080", unsafe: true },
    { secFetchSite: "cross-site" },
    { secFetchSite: "same-site", origin: "https://gate.example", unsafe: true },
  ];
  for (const rest of bad) assertEquals(await verdict(verify, { cookie: "ours", ...rest }), "origin_not_allowed");
});

Deno.test("cookieVerifier() goes by PUBLIC_URL where it is set, and leaves what shows a header alone", async () => {
  const verify = cookieVerifier({ tokens, users: { current: () => USER }, publicOrigin: "https://llm.corp" });
  const shown = { cookie: "ours", unsafe: true };
  assertEquals(await verdict(verify, { ...shown, origin: "https://gate.example" }), "origin_not_allowed");
  assertEquals((await verify(asking({ ...shown, origin: "https://llm.corp" })))?.via, "cookie");
  assertEquals(await verdict(verify, { ...shown, bearer: "sk-dummy" }), null);
});

Deno.test("ticketVerifier() spends the ticket of a WebSocket", async () => {
  const redeemed: (readonly [string, boolean])[] = [];
  const redeem = (shown: Secret, open: boolean): Promise<Who> => {
    redeemed.push([shown.reveal(), open]);
    return Promise.resolve({ ...NOBODY, via: "ticket", ticketFor: "s1" });
  };
  assertEquals(await verdict(ticketVerifier({ redeem }), {}), null);
  assertEquals((await ticketVerifier({ redeem })(asking({ ticket: "ght_x" })))?.ticketFor, "s1");
  await ticketVerifier({ redeem }, true)(asking({ ticket: "ght_y" }));
  assertEquals(redeemed, [["ght_x", false], ["ght_y", true]]);
});
