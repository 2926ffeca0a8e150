import { assert, assertEquals, assertMatch, assertNotEquals } from "@std/assert";
import { type Answer, assertError, type House, PASSWORD, startHouse, str } from "./contract_fixture_test.ts";

const refresh = (house: House, token: string): Promise<Answer> =>
  house.call("POST", "/token", null, new URLSearchParams({ grant_type: "refresh_token", refresh_token: token }));

function assertInvalidGrant(answer: Answer): void {
  assertEquals([answer.status, answer.json["error"]], [400, "invalid_grant"], answer.text);
}

Deno.test("POST /token answers exactly the four fields, with and without grant_type, and is not cached", async () => {
  await using house = await startHouse({ ACCESS_TOKEN_EXPIRE_MINUTES: "7" });
  await house.user("ann");
  for (const more of [{}, { grant_type: "password" }, { scope: "x", client_id: "y", unknown: "z" }]) {
    const form = new URLSearchParams({ username: "ann", password: PASSWORD, ...more });
    const answer = await house.call("POST", "/token", null, form);
    assertEquals(answer.status, 200, answer.text);
    assertEquals(Object.keys(answer.json).sort(), ["access_token", "expires_in", "refresh_token", "token_type"]);
    assertEquals([answer.json["token_type"], answer.json["expires_in"]], ["bearer", 420]);
    assertEquals([answer.headers.get("cache-control"), answer.headers.get("pragma")], ["no-store", "no-cache"]);
    assertMatch(str(answer.json["access_token"]), /^[\w-]+\.[\w-]+\.[\w-]+$/);
  }
});

Deno.test("POST /token refuses other grants, other types and missing or repeated parameters", async () => {
  await using house = await startHouse();
  await house.user("ann");
  const forms: [string, number][] = [
    ["grant_type=client_credentials", 400],
    ["grant_type=authorization_code&code=x", 400],
    ["username=ann", 400],
    ["password=x", 400],
    ["", 400],
    ["grant_type=refresh_token", 400],
    [`username=ann&password=${PASSWORD}&username=root`, 400],
    [`username=ann&password=x&password=${PASSWORD}`, 400],
  ];
  for (const [form, status] of forms) {
    const answer = await house.call("POST", "/token", null, form, {
      "content-type": "application/x-www-form-urlencoded",
    });
    assert(answer.status === status || answer.status === 422, `${form}: ${answer.status} ${answer.text}`);
  }
  const asJson = await house.call("POST", "/token", null, { username: "ann", password: PASSWORD });
  assertError(asJson, 415, "unsupported_media_type");
});

Deno.test("an access token ends when it said it would", async () => {
  await using house = await startHouse({ ACCESS_TOKEN_EXPIRE_MINUTES: "5" });
  const ann = await house.user("ann");
  house.clock.skip(295_000);
  assertEquals((await house.call("GET", "/users/me", ann.access)).status, 200);
  house.clock.skip(10_000);
  assertError(await house.call("GET", "/users/me", ann.access), 401, "invalid_token");
  const next = await refresh(house, ann.refresh);
  assertEquals((await house.call("GET", "/users/me", str(next.json["access_token"]))).status, 200);
});

Deno.test("a refresh token replayed within 10 s gives the same successor, and the successor goes on", async () => {
  await using house = await startHouse();
  const ann = await house.user("ann");
  const first = await refresh(house, ann.refresh);
  assertEquals(first.status, 200, first.text);
  assertEquals(Object.keys(first.json).sort(), ["access_token", "expires_in", "refresh_token", "token_type"]);
  assertNotEquals(first.json["refresh_token"], ann.refresh);
  house.clock.skip(8_000);
  const again = await refresh(house, ann.refresh);
  assertEquals([again.status, again.json["refresh_token"]], [200, first.json["refresh_token"]], again.text);
  assertEquals((await refresh(house, str(first.json["refresh_token"]))).status, 200);
});

Deno.test("twenty refreshes at once with one token give one successor", async () => {
  await using house = await startHouse();
  const ann = await house.user("ann");
  const answers = await Promise.all(Array.from({ length: 20 }, () => refresh(house, ann.refresh)));
  assertEquals(new Set(answers.map((answer) => answer.status)), new Set([200]));
  assertEquals(new Set(answers.map((answer) => answer.json["refresh_token"])).size, 1);
});

Deno.test("a refresh token replayed after 10 s kills the family: its access tokens and its successors", async () => {
  await using house = await startHouse();
  const ann = await house.user("ann");
  const other = await house.login("ann");
  const next = await refresh(house, ann.refresh);
  house.clock.skip(11_000);
  assertInvalidGrant(await refresh(house, ann.refresh));
  assertInvalidGrant(await refresh(house, str(next.json["refresh_token"])));
  house.clock.skip(1_000);
  assertError(await house.call("GET", "/users/me", str(next.json["access_token"])), 401, "invalid_token");
  assertError(await house.call("GET", "/users/me", ann.access), 401, "invalid_token");
  assertEquals((await house.call("GET", "/users/me", other.access)).status, 200);
  assertEquals((await refresh(house, other.refresh)).status, 200);
});

Deno.test("a grandparent refresh token kills the family even within 10 s of the last turn", async () => {
  await using house = await startHouse();
  const ann = await house.user("ann");
  const second = str((await refresh(house, ann.refresh)).json["refresh_token"]);
  house.clock.skip(11_000);
  const third = str((await refresh(house, second)).json["refresh_token"]);
  assertInvalidGrant(await refresh(house, ann.refresh));
  assertInvalidGrant(await refresh(house, third));
});

Deno.test("a refresh token that is not ours is invalid_grant and kills nothing", async () => {
  await using house = await startHouse();
  const ann = await house.user("ann");
  const [id = "", generation = "", secret = ""] = ann.refresh.split(".");
  const forged = [
    "x",
    "",
    "ghr_",
    `${id}.${generation}.${"A".repeat(secret.length)}`,
    `${id}.99.${secret}`,
    `${id}.-1.${secret}`,
    `${id}.0x0.${secret}`,
    `${id}.${generation}.${secret}.x`,
    `${id}.${generation}.`,
    ann.refresh.slice(0, -2),
    `${ann.refresh}A`,
    ann.access,
    "ghr_".padEnd(100_000, "a"),
    `${id}\u0000.${generation}.${secret}`,
  ];
  for (const token of forged) {
    const answer = await refresh(house, token);
    assert(answer.status === 400 || answer.status === 413, `${token.slice(0, 60)}: ${answer.status} ${answer.text}`);
  }
  assertEquals((await refresh(house, ann.refresh)).status, 200);
});

Deno.test("a refresh token is no access token, and an access token no refresh token", async () => {
  await using house = await startHouse();
  const ann = await house.user("ann");
  assertEquals((await house.call("GET", "/users/me", ann.refresh)).status, 401);
  assertInvalidGrant(await refresh(house, ann.access));
});

Deno.test("POST /revoke ends the login by its refresh token, and answers 200 for what it does not know", async () => {
  await using house = await startHouse();
  const ann = await house.user("ann");
  const unknown = new URLSearchParams({ token: "nonsense", token_type_hint: "whatever", unknown: "x" });
  assertEquals((await house.call("POST", "/revoke", null, unknown)).status, 200);
  assertEquals((await house.call("POST", "/revoke", null, new URLSearchParams({ token: ann.refresh }))).status, 200);
  assertInvalidGrant(await refresh(house, ann.refresh));
  assertError(await house.call("GET", "/users/me", ann.access), 401, "invalid_token");
  assertEquals((await house.call("POST", "/revoke", null, new URLSearchParams())).status, 400);
});

Deno.test("POST /revoke ends an access token", async () => {
  await using house = await startHouse();
  const ann = await house.user("ann");
  const other = await house.login("ann");
  assertEquals((await house.call("POST", "/revoke", null, new URLSearchParams({ token: ann.access }))).status, 200);
  house.clock.skip(1_000);
  assertError(await house.call("GET", "/users/me", ann.access), 401, "invalid_token");
  assertEquals((await house.call("GET", "/users/me", other.access)).status, 200);
});

Deno.test("a new password ends all tokens, needs the old one, and the old one opens no more", async () => {
  await using house = await startHouse();
  const ann = await house.user("ann");
  const other = await house.login("ann");
  const wrong = await house.call("POST", "/users/me/password", ann.access, {
    current_password: "not this one at all",
    new_password: "a brand new pass phrase",
  });
  assert(wrong.status >= 400 && wrong.status < 500, wrong.text);
  assertEquals((await house.call("GET", "/users/me", ann.access)).status, 200);
  const weak = await house.call("POST", "/users/me/password", ann.access, {
    current_password: PASSWORD,
    new_password: "",
  });
  assertError(weak, 422, "invalid_field", "new_password");
  const changed = await house.call("POST", "/users/me/password", ann.access, {
    current_password: PASSWORD,
    new_password: "a brand new pass phrase",
  });
  assert(changed.status === 204 || changed.status === 200, changed.text);
  for (const login of [ann, other]) {
    assertError(await house.call("GET", "/users/me", login.access), 401, "invalid_token");
    assertInvalidGrant(await refresh(house, login.refresh));
  }
  assertError(await house.token("ann"), 401, "invalid_credentials");
  assertEquals((await house.token("ann", "a brand new pass phrase")).status, 200);
});
