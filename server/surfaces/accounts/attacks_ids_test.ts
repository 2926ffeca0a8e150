import { assert, assertEquals } from "@std/assert";
import { assertError, PASSWORD, rows, startHouse } from "./contract_fixture_test.ts";

Deno.test("another user's keys are 404, for a user and for what one may do to them", async () => {
  await using house = await startHouse();
  const ann = await house.user("ann");
  const eve = await house.user("eve");
  const key = await house.key(ann.access);
  assertError(await house.call("PATCH", `/keys/${key.id}`, eve.access, { name: "mine" }), 404, "not_found");
  assertError(await house.call("GET", `/keys/${key.id}`, eve.access), 404, "not_found");
  for (const filter of [`user_id=${ann.id}`, `user=${ann.id}`, `group_by=user&user_id=${ann.id}`, `key_id=${key.id}`]) {
    for (const path of ["/keys", "/api/v1/llm/usage"]) {
      const answer = await house.call("GET", `${path}?${filter}`, eve.access);
      assert(!answer.text.includes(ann.id) && !answer.text.includes(key.id), answer.text);
    }
  }
  assertError(await house.call("DELETE", `/keys/${key.id}`, eve.access), 404, "not_found");
  const unknown = await house.call("DELETE", "/keys/01ARZ3NDEKTSV4RRFFQ69G5FAV", eve.access);
  const others = await house.call("DELETE", `/keys/${key.id}`, eve.access);
  assertEquals(others.text, unknown.text);
  assertEquals(rows(await house.call("GET", "/keys", eve.access)), []);
  assertEquals(rows(await house.call("GET", `/keys?cursor=${key.id}`, eve.access)), []);
  assertEquals((await house.chat(key.key)).status, 200);
});

Deno.test("ids that are no ids are 404, whatever they are made of", async () => {
  await using house = await startHouse();
  const admin = await house.admin();
  const ids = [
    "x",
    "__proto__",
    "constructor",
    "%00",
    "..%2f..",
    "%2e%2e",
    "01ARZ3NDEKTSV4RRFFQ69G5FAV%00",
    "%ff",
    "a".repeat(4000),
    "0",
    "null",
    "*",
  ];
  for (const id of ids) {
    for (
      const [method, path] of [["PATCH", "/users/"], ["DELETE", "/users/"], ["PATCH", "/keys/"], ["DELETE", "/keys/"], [
        "GET",
        "/credential/login/",
      ]] as const
    ) {
      const answer = await house.call(method, path + id, admin, method === "PATCH" ? {} : undefined);
      assert(
        [400, 404].includes(answer.status),
        `${method} ${path}${id.slice(0, 40)}: ${answer.status} ${answer.text}`,
      );
    }
  }
  assertEquals(rows(await house.call("GET", "/users", admin)).length, 1);
});

Deno.test("accounts, keys and credential are shut to users, to keys even of an administrator, and to strangers", async () => {
  await using house = await startHouse();
  const admin = await house.admin();
  const ann = await house.user("ann");
  const annKey = await house.key(ann.access);
  const rootKey = await house.key(admin);
  const password = { current_password: PASSWORD, new_password: "a quite new pass phrase" };
  const adminRoutes = [
    ["GET", "/users", undefined],
    ["PATCH", `/users/${ann.id}`, { role: "admin" }],
    ["DELETE", `/users/${ann.id}`, undefined],
    ["POST", "/credential/login", {}],
    ["GET", "/credential/login/01ARZ3NDEKTSV4RRFFQ69G5FAV", undefined],
    ["DELETE", "/credential/login/01ARZ3NDEKTSV4RRFFQ69G5FAV", undefined],
  ] as const;
  const loginRoutes = [
    ["POST", "/users/me/password", password],
    ["POST", "/keys", { name: "another" }],
    ["GET", "/keys", undefined],
    ["PATCH", `/keys/${annKey.id}`, { models: null }],
    ["DELETE", `/keys/${annKey.id}`, undefined],
  ] as const;
  for (const [method, path, body] of adminRoutes) {
    assertError(await house.call(method, path, ann.access, body), 403, "admin_required");
  }
  for (const [method, path, body] of [...adminRoutes, ...loginRoutes]) {
    for (const key of [annKey.key, rootKey.key]) {
      assertError(await house.call(method, path, key, body), 403, "login_required");
      assertError(await house.call(method, path, null, body, { "x-api-key": key }), 403, "login_required");
    }
    assertError(await house.call(method, path, null, body), 401, "credential_required");
  }
  for (const path of ["/health", "/users/me", "/v1/models", "/api/v1/llm/models", "/api/v1/llm/usage"]) {
    assertEquals((await house.call("GET", path, annKey.key)).status, 200, path);
    assertError(await house.call("GET", path, null), 401, "credential_required");
  }
  assertEquals((await house.call("GET", "/users/me", ann.access)).json["role"], "user");
});

Deno.test("routes are no other routes by a slash, a dot, case or a method override", async () => {
  await using house = await startHouse();
  const ann = await house.user("ann");
  const paths = [
    "/users/",
    "/users//",
    "/Users",
    "/users/.",
    "/users/./",
    "/users;x",
    "/users%2f",
    "/%75sers",
    "/users/me/../",
    "/v1/../users",
    "/users?x=/v1/models",
    "/users#/v1/models",
  ];
  for (const path of paths) {
    const answer = await house.call("GET", path, ann.access);
    assert([400, 403, 404, 422].includes(answer.status), `${path}: ${answer.status} ${answer.text}`);
  }
  const key = await house.key(ann.access);
  const override = await house.call("POST", `/keys/${key.id}`, ann.access, {}, { "x-http-method-override": "DELETE" });
  assert([404, 405].includes(override.status), override.text);
  assertEquals((await house.chat(key.key)).status, 200);
});
