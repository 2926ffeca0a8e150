import { assert, assertEquals, assertNotEquals } from "@std/assert";
import {
  ADMIN_PASSWORD,
  assertError,
  assertTime,
  assertUlid,
  type Json,
  PASSWORD,
  rows,
  startHouse,
  str,
} from "./contract_fixture_test.ts";

const FIELDS = ["created_at", "email", "role", "user_id", "username"];
const LIMITS = ["budget", "disabled", "models", "rpm", "tpm"];

Deno.test("POST /users answers 201 with exactly the five fields", async () => {
  await using house = await startHouse();
  const made = await house.call("POST", "/users", null, {
    username: "ann",
    email: "ann@example.org",
    password: PASSWORD,
  });
  assertEquals(made.status, 201, made.text);
  assertEquals(Object.keys(made.json).sort(), FIELDS);
  assertUlid(made.json["user_id"]);
  assertTime(made.json["created_at"]);
  assertEquals([made.json["username"], made.json["email"], made.json["role"]], ["ann", "ann@example.org", "user"]);
  const bare = await house.call("POST", "/users", null, { username: "bea", password: PASSWORD });
  assertEquals([bare.status, bare.json["email"]], [201, null], bare.text);
  const again = await house.call("POST", "/users", null, { username: "ann", password: PASSWORD });
  assertError(again, 409, "username_taken", "username");
});

Deno.test("POST /users never makes an administrator and takes no other field", async () => {
  await using house = await startHouse();
  const extras: Json = {
    role: "admin",
    admin: true,
    disabled: false,
    models: [],
    rpm: 1,
    tpm: 1,
    budget: null,
    user_id: "01ARZ3NDEKTSV4RRFFQ69G5FAV",
    created_at: "2026-01-01T00:00:00Z",
    constructor: {},
  };
  for (const [name, value] of Object.entries(extras)) {
    const answer = await house.call("POST", "/users", null, { username: "eve", password: PASSWORD, [name]: value });
    assertError(answer, 422, "invalid_field", name);
  }
  const admin = await house.admin();
  const asAdmin = await house.call("POST", "/users", admin, { username: "eve", password: PASSWORD, role: "admin" });
  assertError(asAdmin, 422, "invalid_field", "role");
  assertEquals(rows(await house.call("GET", "/users", admin)).map((row) => row["username"]), ["root"]);
});

Deno.test("POST /users names the field that is wrong", async () => {
  await using house = await startHouse();
  const cases: [Json, string][] = [
    [{ password: PASSWORD }, "username"],
    [{ username: "ann" }, "password"],
    [{ username: 7, password: PASSWORD }, "username"],
    [{ username: "", password: PASSWORD }, "username"],
    [{ username: "a\u0000b", password: PASSWORD }, "username"],
    [{ username: "a\nb", password: PASSWORD }, "username"],
    [{ username: "x".repeat(2000), password: PASSWORD }, "username"],
    [{ username: "ann", password: 12345678 }, "password"],
    [{ username: "ann", password: "" }, "password"],
    [{ username: "ann", password: "x".repeat(20_000) }, "password"],
    [{ username: "ann", password: PASSWORD, email: "not an address" }, "email"],
    [{ username: "ann", password: PASSWORD, email: 5 }, "email"],
    [{ username: "ann", password: PASSWORD, email: `${"x".repeat(5000)}@example.org` }, "email"],
  ];
  for (const [body, param] of cases) {
    assertError(await house.call("POST", "/users", null, body), 422, "invalid_field", param);
  }
});

Deno.test("registration is open by default on loopback, and closed by the setting, but for an administrator", async () => {
  await using open = await startHouse({ REGISTRATION: "" });
  assertEquals((await open.call("POST", "/users", null, { username: "ann", password: PASSWORD })).status, 201);
  await using closed = await startHouse({ REGISTRATION: "closed" });
  const refused = await closed.call("POST", "/users", null, { username: "ann", password: PASSWORD });
  assert(refused.status === 401 || refused.status === 403, refused.text);
  const byAdmin = await closed.call("POST", "/users", await closed.admin(), { username: "ann", password: PASSWORD });
  assertEquals([byAdmin.status, byAdmin.json["role"]], [201, "user"], byAdmin.text);
  const byUser = await closed.call("POST", "/users", (await closed.login("ann")).access, {
    username: "bea",
    password: PASSWORD,
  });
  assertError(byUser, 403, "registration_closed");
});

Deno.test("a name that differs only in case or in its Unicode form is no second user beside the first", async () => {
  await using house = await startHouse();
  assertEquals((await house.call("POST", "/users", null, { username: "jos\u00e9", password: PASSWORD })).status, 201);
  for (const twin of ["jose\u0301", "JOS\u00c9", "Root", "ROOT", "ro\u200bot", "root ", " root"]) {
    const answer = await house.call("POST", "/users", null, { username: twin, password: PASSWORD });
    assert(answer.status === 409 || answer.status === 422, `${JSON.stringify(twin)}: ${answer.text}`);
  }
});

Deno.test("GET /users/me answers a login and a key, and shows no password", async () => {
  await using house = await startHouse();
  const ann = await house.user("ann");
  const key = await house.key(ann.access);
  for (const credential of [ann.access, key.key]) {
    const me = await house.call("GET", "/users/me", credential);
    assertEquals([me.status, me.json["user_id"], me.json["role"]], [200, ann.id, "user"]);
    for (const field of Object.keys(me.json)) assert([...FIELDS, ...LIMITS].includes(field), field);
  }
});

Deno.test("GET /users goes through all users by cursor, each once", async () => {
  await using house = await startHouse();
  const admin = await house.admin();
  const names = ["root"];
  for (let n = 0; n < 5; n++) {
    names.push(`user-${n}`);
    await house.call("POST", "/users", null, { username: `user-${n}`, password: PASSWORD });
  }
  const seen: string[] = [];
  let cursor: string | null = null;
  for (let page = 0; page < 10; page++) {
    const query: string = cursor === null ? "" : `&cursor=${encodeURIComponent(cursor)}`;
    const answer = await house.call("GET", `/users?limit=2${query}`, admin);
    const data = rows(answer);
    assert(data.length <= 2);
    seen.push(...data.map((row) => str(row["username"])));
    cursor = answer.json["next_cursor"] === null ? null : str(answer.json["next_cursor"]);
    if (cursor === null) break;
  }
  assertEquals(seen.sort(), names.sort());
  const wrong: [string, string][] = [
    ["limit=0", "limit"],
    ["limit=-1", "limit"],
    ["limit=x", "limit"],
    ["limit=1e2", "limit"],
    ["limit=99999999", "limit"],
  ];
  for (const [query, param] of wrong) {
    assertError(await house.call("GET", `/users?${query}`, admin), 422, "invalid_field", param);
  }
});

Deno.test("PATCH /users/{id} sets each limit, and null lifts it", async () => {
  await using house = await startHouse();
  const admin = await house.admin();
  const ann = await house.user("ann");
  const limits = { models: ["m1"], rpm: 3, tpm: 1000, budget: { amount_micros: 5, period: "day" } };
  for (const [name, value] of Object.entries(limits)) {
    const set = await house.call("PATCH", `/users/${ann.id}`, admin, { [name]: value });
    assertEquals([set.status, set.json[name]], [200, value], set.text);
  }
  const all = await house.call("PATCH", `/users/${ann.id}`, admin, {});
  assertEquals([all.status, all.json["rpm"], all.json["tpm"]], [200, 3, 1000], all.text);
  for (const name of Object.keys(limits)) {
    const lifted = await house.call("PATCH", `/users/${ann.id}`, admin, { [name]: null });
    assertEquals([lifted.status, lifted.json[name]], [200, null], lifted.text);
  }
});

Deno.test("PATCH /users/{id} names the field that is wrong or unknown and changes nothing", async () => {
  await using house = await startHouse();
  const admin = await house.admin();
  const ann = await house.user("ann");
  const before = await house.call("GET", "/users/me", ann.access);
  const cases: [Json, string][] = [
    [{ rpm: -1 }, "rpm"],
    [{ rpm: 1.5 }, "rpm"],
    [{ rpm: "3" }, "rpm"],
    [{ rpm: 1e300 }, "rpm"],
    [{ tpm: -1 }, "tpm"],
    [{ tpm: true }, "tpm"],
    [{ models: "m1" }, "models"],
    [{ models: [7] }, "models.0"],
    [{ disabled: "no" }, "disabled"],
    [{ disabled: null }, "disabled"],
    [{ role: "root" }, "role"],
    [{ role: null }, "role"],
    [{ budget: 5 }, "budget"],
    [{ budget: {} }, "budget.amount_micros"],
    [{ budget: { amount_micros: -1, period: "day" } }, "budget.amount_micros"],
    [{ budget: { amount_micros: 0.5, period: "day" } }, "budget.amount_micros"],
    [{ budget: { amount_micros: 5, period: "week" } }, "budget.period"],
    [{ budget: { amount_micros: 5, period: "day", x: 1 } }, "budget.x"],
    [{ username: "other" }, "username"],
    [{ password: PASSWORD }, "password"],
    [{ email: "x@example.org" }, "email"],
    [{ user_id: "x" }, "user_id"],
    [{ rpm: 4, nonsense: 1 }, "nonsense"],
  ];
  for (const [body, param] of cases) {
    const answer = await house.call("PATCH", `/users/${ann.id}`, admin, body);
    assertEquals(
      [answer.status, answer.json["error"] !== undefined],
      [422, true],
      `${JSON.stringify(body)} ${answer.text}`,
    );
    const error = answer.json["error"] as Json; // checked in the line above
    assert(error["param"] === param || str(error["param"]).startsWith(param.split(".")[0] ?? ""), answer.text);
  }
  assertEquals((await house.call("GET", "/users/me", ann.access)).json, before.json);
});

Deno.test("a new role counts at the next request", async () => {
  await using house = await startHouse();
  const ann = await house.user("ann");
  assertError(await house.call("GET", "/users", ann.access), 403, "admin_required");
  await house.limit(ann.id, { role: "admin" });
  assertEquals((await house.call("GET", "/users", (await house.login("ann")).access)).status, 200);
  await house.limit(ann.id, { role: "user" });
  assertNotEquals((await house.call("GET", "/users", ann.access)).status, 200);
  assertNotEquals((await house.call("GET", "/users", (await house.login("ann")).access)).status, 200);
});

Deno.test("DELETE /users/{id} ends the user's keys, tokens and login, and frees the name", async () => {
  await using house = await startHouse();
  const admin = await house.admin();
  const ann = await house.user("ann");
  const key = await house.key(ann.access);
  assertEquals((await house.call("DELETE", `/users/${ann.id}`, admin)).status, 204);
  assertError(await house.call("GET", "/users/me", ann.access), 401, "invalid_token");
  assertError(await house.chat(key.key), 401, "invalid_api_key");
  assertError(await house.token("ann"), 401, "invalid_credentials");
  const refresh = new URLSearchParams({ grant_type: "refresh_token", refresh_token: ann.refresh });
  const refreshed = await house.call("POST", "/token", null, refresh);
  assertEquals([refreshed.status, refreshed.json["error"]], [400, "invalid_grant"]);
  assertError(await house.call("DELETE", `/users/${ann.id}`, admin), 404, "not_found");
  assertError(await house.call("PATCH", `/users/${ann.id}`, admin, { rpm: 1 }), 404, "not_found");
  const next = await house.user("ann");
  assertNotEquals(next.id, ann.id);
  assertEquals(rows(await house.call("GET", "/keys", next.access)), []);
  assertError(await house.call("GET", "/users/me", ann.access), 401, "invalid_token");
  assertError(await house.chat(key.key), 401, "invalid_api_key");
});

Deno.test("a user who makes keys while being deleted leaves none that works", async () => {
  await using house = await startHouse();
  const admin = await house.admin();
  const ann = await house.user("ann");
  const making = Array.from({ length: 20 }, () => house.call("POST", "/keys", ann.access, { name: "late" }));
  const logins = Array.from({ length: 3 }, () => house.token("ann"));
  const deleted = await house.call("DELETE", `/users/${ann.id}`, admin);
  assertEquals(deleted.status, 204, deleted.text);
  for (const made of await Promise.all(making)) {
    if (made.status === 201) assertEquals((await house.chat(str(made.json["key"]))).status, 401);
  }
  for (const login of await Promise.all(logins)) {
    if (login.status === 200) {
      assertEquals((await house.call("GET", "/users/me", str(login.json["access_token"]))).status, 401);
    }
  }
});

Deno.test("ADMIN_USERNAME is read once: a new password is not undone, and the settings' own opens no more", async () => {
  await using house = await startHouse();
  const admin = await house.admin();
  const changed = await house.call("POST", "/users/me/password", admin, {
    current_password: ADMIN_PASSWORD,
    new_password: "another horse battery admin",
  });
  assert(changed.status === 204 || changed.status === 200, changed.text);
  assertError(await house.token("root", ADMIN_PASSWORD), 401, "invalid_credentials");
  assertEquals((await house.token("root", "another horse battery admin")).status, 200);
});
