import { assertEquals, assertStringIncludes } from "@std/assert";
import { LOCAL_USER, NOBODY, type Who } from "../../accounts/mod.ts";
import { PASSWORD } from "../../accounts/users/users_fixture.ts";
import { Secret } from "../../secrets/mod.ts";
import { type AccountsFixture, accountsFixture, INSTALLED_AT, told, whoOf } from "./accounts_fixture.ts";

const password = PASSWORD.reveal();
const NOTHING_BINDS = { disabled: false, models: null, rpm: null, tpm: null, budget: null };
const UNKNOWN = "01ARZ3NDEKTSV4RRFFQ69G5FAX";

function changeTo(gate: AccountsFixture, as: Who, json: unknown): Promise<Response> {
  return gate.ask("POST /users/me/password", { as, json });
}

Deno.test("POST /users makes a user, never an administrator, and tells five fields of it", async () => {
  await using gate = await accountsFixture();
  const response = await gate.ask("POST /users", {
    as: NOBODY,
    json: { username: "Ada", email: "a@b.example", password },
  });
  const body = await response.json();
  const user = await gate.rooms.users.find("ada");
  assertEquals([response.status, body], [201, {
    user_id: user?.id,
    username: "Ada",
    email: "a@b.example",
    role: "user",
    created_at: new Date(gate.rooms.clock.now()).toISOString(),
  }]);
  const without = await gate.ask("POST /users", { as: LOCAL_USER, json: { username: "bob", email: null, password } });
  assertEquals((await without.json()).email, null);
  assertEquals(
    await told(await gate.ask("POST /users", { as: NOBODY, json: { username: "ADA", password } })),
    "409 username_taken username",
  );
  const json = { username: "eve", password, role: "admin" };
  assertEquals(await told(await gate.ask("POST /users", { as: LOCAL_USER, json })), "422 invalid_field role");
});

Deno.test("POST /users is limited by address, for all but administrators", async () => {
  await using gate = await accountsFixture();
  const make = async (as: Who, username: string) =>
    await told(await gate.ask("POST /users", { as, json: { username, password } }));
  for (let n = 0; n < 20; n++) assertEquals(await make(LOCAL_USER, `user${n}`), "201");
  const user = whoOf({ id: UNKNOWN, role: "user" });
  for (let n = 0; n < 10; n++) assertEquals(await make(n % 2 ? NOBODY : user, "user0"), "409 username_taken username");
  const response = await gate.ask("POST /users", { as: NOBODY, json: { username: "new", password } });
  assertEquals(response.headers.get("retry-after"), "300");
  assertEquals(await told(response), "429 too_many_attempts");
  assertEquals(await make(whoOf({ id: UNKNOWN, role: "admin" }), "new"), "201");
});

Deno.test("GET /users/me tells a login and a key the same of their user", async () => {
  await using gate = await accountsFixture();
  const user = await gate.addUser("ada");
  const budget = { amountMicros: 5_000_000, period: "month" } as const;
  await gate.rooms.users.change(user.id, { models: ["m1"], rpm: 3, tpm: 4, budget });
  for (const via of ["token", "cookie", "api_key"] as const) {
    const response = await gate.ask("GET /users/me", { as: whoOf(user, via, via === "api_key" ? "k" : null) });
    assertEquals(await response.json(), {
      user_id: user.id,
      username: "ada",
      email: null,
      role: "user",
      created_at: new Date(user.createdAt).toISOString(),
      disabled: false,
      models: ["m1"],
      rpm: 3,
      tpm: 4,
      budget: { amount_micros: 5_000_000, period: "month" },
    });
  }
});

Deno.test("GET /users/me knows open mode's user, who is as old as the install", async () => {
  await using gate = await accountsFixture();
  const response = await gate.ask("GET /users/me", { as: LOCAL_USER });
  assertEquals(await response.json(), {
    user_id: "local",
    username: "local",
    email: null,
    role: "admin",
    created_at: new Date(INSTALLED_AT).toISOString(),
    ...NOTHING_BINDS,
  });
});

Deno.test("POST /users/me/password sets the password and ends every login", async () => {
  await using gate = await accountsFixture();
  const { users, tokens } = gate.rooms;
  const user = await gate.addUser("ada");
  const grant = await tokens.issue(user);
  const json = { current_password: password, new_password: "battery staple" };
  assertEquals(await told(await changeTo(gate, whoOf(user), json)), "204");
  const form = { grant_type: "refresh_token", refresh_token: grant.refreshToken.reveal() };
  assertEquals(await told(await gate.ask("POST /token", { as: NOBODY, form })), "400 invalid_grant");
  assertEquals((await users.get(user.id))?.generation, user.generation + 1);
  await users.authenticate({ username: "ada", password: new Secret("battery staple"), address: null });
});

Deno.test("POST /users/me/password refuses a wrong current password, and counts the guesses", async () => {
  await using gate = await accountsFixture();
  const user = await gate.addUser("ada");
  const guess = (current_password: string) =>
    changeTo(gate, whoOf(user), { current_password, new_password: "battery staple" });
  for (let i = 0; i < 10; i++) assertEquals(await told(await guess(`guess ${i}`)), "401 invalid_credentials");
  assertEquals(await told(await guess(password)), "429 too_many_attempts");
  assertEquals((await gate.rooms.users.get(user.id))?.generation, user.generation);
});

Deno.test("POST /users/me/password counts guesses from one address over all users", async () => {
  await using gate = await accountsFixture();
  const wrong = { current_password: "wrong", new_password: "battery staple" };
  for (const name of ["ada", "bob", "cyd"]) {
    const user = await gate.addUser(name);
    for (let i = 0; i < 10; i++) await told(await changeTo(gate, whoOf(user), wrong));
  }
  const right = { ...wrong, current_password: password };
  assertEquals(await told(await changeTo(gate, whoOf(await gate.addUser("dan")), right)), "429 too_many_attempts");
});

Deno.test("POST /users/me/password names the field of a new password that will not do", async () => {
  await using gate = await accountsFixture();
  const user = await gate.addUser("ada");
  const json = { current_password: password, new_password: "short" };
  assertEquals(await told(await changeTo(gate, whoOf(user), json)), "422 invalid_field new_password");
});

Deno.test("POST /users/me/password says that open mode's user has none", async () => {
  await using gate = await accountsFixture();
  const response = await changeTo(gate, LOCAL_USER, { current_password: "x", new_password: "battery staple" });
  const body = await response.json();
  assertEquals([response.status, body.error.code], [404, "not_found"]);
  assertStringIncludes(body.detail, "open mode");
});

Deno.test("GET /users pages through all users, oldest first", async () => {
  await using gate = await accountsFixture();
  const names = ["ada", "bob", "cyd", "dan", "eve"];
  for (const name of names) await gate.addUser(name);
  const seen: string[] = [];
  let cursor: string | null = null;
  do {
    const query: string = cursor === null ? "?limit=2" : `?limit=2&cursor=${cursor}`;
    const body = await (await gate.ask(`GET /users${query}`, { as: LOCAL_USER })).json();
    assertEquals(Object.keys(body), ["data", "next_cursor"]);
    seen.push(...body.data.map((user: { username: string }) => user.username));
    cursor = body.next_cursor;
  } while (cursor !== null);
  assertEquals(seen, names);
  const all = await (await gate.ask("GET /users", { as: LOCAL_USER })).json();
  assertEquals([all.data.length, all.next_cursor, all.data[0].disabled], [5, null, false]);
});

Deno.test("lists name the parameter that is wrong", async () => {
  await using gate = await accountsFixture();
  for (const path of ["/users", "/keys"]) {
    for (const limit of ["0", "201", "-1", "1.5", "x", "", "1e2", "0x10", "99999999999999999999"]) {
      const found = await told(await gate.ask(`GET ${path}?limit=${limit}`, { as: LOCAL_USER }));
      assertEquals([limit, found], [limit, "422 invalid_field limit"]);
    }
    for (const limit of ["1", "200", "050"]) {
      assertEquals(await told(await gate.ask(`GET ${path}?limit=${limit}`, { as: LOCAL_USER })), "200");
    }
    for (const cursor of ["", "x", "%00", "x".repeat(5000)]) {
      const found = await told(await gate.ask(`GET ${path}?cursor=${cursor}`, { as: LOCAL_USER }));
      assertEquals(found, "422 invalid_field cursor");
    }
  }
});

Deno.test("PATCH /users/{id} changes what is named, null lifts a limit, and what is absent stays", async () => {
  await using gate = await accountsFixture();
  const { id } = await gate.addUser("ada");
  const patch = async (json: unknown) => await (await gate.ask(`PATCH /users/${id}`, { as: LOCAL_USER, json })).json();
  const budget = { amount_micros: 0, period: "day" };
  const first = await patch({ role: "admin", disabled: true, models: ["m1", "m2"], rpm: 1, tpm: 2, budget });
  assertEquals([first.role, first.disabled, first.models, first.rpm, first.tpm, first.budget], [
    "admin",
    true,
    ["m1", "m2"],
    1,
    2,
    budget,
  ]);
  const second = await patch({ rpm: null, models: [] });
  assertEquals(second, { ...first, rpm: null, models: [] });
  assertEquals(await patch({}), second);
  assertEquals(await (await gate.ask(`GET /users/${id}`, { as: LOCAL_USER })).json(), second);
  assertEquals(await patch({ budget: null, tpm: null, models: null, disabled: false, role: "user" }), {
    ...second,
    ...NOTHING_BINDS,
    role: "user",
  });
});

Deno.test("DELETE /users/{id} removes the user with keys and logins", async () => {
  await using gate = await accountsFixture();
  const { keys, tokens, users } = gate.rooms;
  const user = await gate.addUser("ada");
  const { key } = await keys.create({ userId: user.id, name: "k" });
  const { refreshToken } = await tokens.issue(user);
  const response = await gate.ask(`DELETE /users/${user.id}`, { as: LOCAL_USER });
  assertEquals([response.status, await response.text()], [204, ""]);
  assertEquals([await users.get(user.id), await keys.get(key.id)], [null, null]);
  const form = { grant_type: "refresh_token", refresh_token: refreshToken.reveal() };
  assertEquals(await told(await gate.ask("POST /token", { as: NOBODY, form })), "400 invalid_grant");
  assertEquals(await told(await gate.ask("GET /users/me", { as: whoOf(user) })), "404 not_found");
});

Deno.test("an id that names nobody is 404, whatever it looks like", async () => {
  await using gate = await accountsFixture();
  for (const id of [UNKNOWN, "local", "x", "%00", "%2F", "..%2F", "%ff", "é", "x".repeat(3000)]) {
    for (const method of ["GET", "PATCH", "DELETE"]) {
      const asked = { as: LOCAL_USER, ...(method === "PATCH" ? { json: { disabled: true } } : {}) };
      assertEquals([id, await told(await gate.ask(`${method} /users/${id}`, asked))], [id, "404 not_found"]);
    }
  }
});
