import { assert, assertEquals, assertMatch, assertNotEquals } from "@std/assert";
import { assertError, assertTime, assertUlid, type Json, rows, startHouse, str } from "./contract_fixture_test.ts";

const LIMITS = {
  models: ["m1"],
  rpm: 5,
  tpm: 100_000,
  budget: { amount_micros: 1_000_000, period: "month" },
  expires_at: "2099-01-31T12:00:00Z",
};

Deno.test("POST /keys answers 201 and shows the key this once", async () => {
  await using house = await startHouse();
  const ann = await house.user("ann");
  const made = await house.call("POST", "/keys", ann.access, { name: "ci", ...LIMITS });
  assertEquals(made.status, 201, made.text);
  const key = str(made.json["key"]);
  assertMatch(key, /^gh_[\w-]{32,}$/);
  assertUlid(made.json["key_id"]);
  assertTime(made.json["created_at"]);
  assertTime(made.json["expires_at"]);
  assertEquals(Date.parse(str(made.json["expires_at"])), Date.parse(LIMITS.expires_at));
  for (const name of ["models", "rpm", "tpm", "budget"] as const) assertEquals(made.json[name], LIMITS[name]);
  assertEquals(made.headers.get("cache-control"), "no-store");
  const listed = await house.call("GET", "/keys", ann.access);
  assertEquals(rows(listed).length, 1);
  assert(!listed.text.includes(key.slice(0, 30)), "the list shows the key");
  const changed = await house.call("PATCH", `/keys/${made.json["key_id"]}`, ann.access, { name: "cd" });
  assertEquals([changed.status, changed.json["name"]], [200, "cd"], changed.text);
  assert(!changed.text.includes(key.slice(0, 30)));
});

Deno.test("a key's list tells when it was last used", async () => {
  await using house = await startHouse();
  const ann = await house.user("ann");
  const key = await house.key(ann.access);
  const before = rows(await house.call("GET", "/keys", ann.access));
  assertEquals(before[0]?.["last_used_at"], null);
  assertEquals((await house.chat(key.key)).status, 200);
  for (let round = 0;; round++) {
    const [row] = rows(await house.call("GET", "/keys", ann.access));
    if (row?.["last_used_at"] !== null) return assertTime(row?.["last_used_at"]);
    assert(round < 30, "three seconds after its use the key counts as never used");
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
});

Deno.test("PATCH /keys/{id} sets each limit, and null lifts it", async () => {
  await using house = await startHouse();
  const ann = await house.user("ann");
  const key = await house.key(ann.access);
  for (const [name, value] of Object.entries(LIMITS)) {
    const set = await house.call("PATCH", `/keys/${key.id}`, ann.access, { [name]: value });
    assertEquals(set.status, 200, set.text);
    if (name !== "expires_at") assertEquals(set.json[name], value);
    const lifted = await house.call("PATCH", `/keys/${key.id}`, ann.access, { [name]: null });
    assertEquals([lifted.status, lifted.json[name]], [200, null], lifted.text);
  }
});

Deno.test("POST and PATCH of keys name the field that is wrong or unknown", async () => {
  await using house = await startHouse();
  const ann = await house.user("ann");
  const key = await house.key(ann.access);
  const cases: [Json, string][] = [
    [{ name: 5 }, "name"],
    [{ name: "" }, "name"],
    [{ name: null }, "name"],
    [{ name: "x".repeat(10_000) }, "name"],
    [{ rpm: -1 }, "rpm"],
    [{ rpm: 0.5 }, "rpm"],
    [{ tpm: "1" }, "tpm"],
    [{ models: "m1" }, "models"],
    [{ models: Array.from({ length: 5000 }, (_, n) => `model-${n}`) }, "models"],
    [{ budget: [] }, "budget"],
    [{ expires_at: "tomorrow" }, "expires_at"],
    [{ expires_at: "2099-02-30T00:00:00Z" }, "expires_at"],
    [{ expires_at: 4_000_000_000 }, "expires_at"],
    [{ expires_at: "2099-01-01" }, "expires_at"],
    [{ key: "gh_mine" }, "key"],
    [{ key_id: "01ARZ3NDEKTSV4RRFFQ69G5FAV" }, "key_id"],
    [{ user_id: "01ARZ3NDEKTSV4RRFFQ69G5FAV" }, "user_id"],
    [{ role: "admin" }, "role"],
    [{ last_used_at: "2026-01-01T00:00:00Z" }, "last_used_at"],
    [{ created_at: "2026-01-01T00:00:00Z" }, "created_at"],
  ];
  for (const [body, param] of cases) {
    assertError(await house.call("POST", "/keys", ann.access, { name: "k", ...body }), 422, "invalid_field", param);
    assertError(await house.call("PATCH", `/keys/${key.id}`, ann.access, body), 422, "invalid_field", param);
  }
  assertError(await house.call("POST", "/keys", ann.access, {}), 422, "invalid_field", "name");
  assertEquals(rows(await house.call("GET", "/keys", ann.access)).length, 1);
});

Deno.test("GET /keys goes through one's own keys by cursor, each once", async () => {
  await using house = await startHouse();
  const ann = await house.user("ann");
  const bob = await house.user("bob");
  const made: string[] = [];
  for (let n = 0; n < 5; n++) {
    made.push((await house.key(ann.access, { name: `k${n}` })).id);
    await house.key(bob.access, { name: `b${n}` });
  }
  const seen: string[] = [];
  let cursor = "";
  for (let page = 0; page < 10; page++) {
    const answer = await house.call("GET", `/keys?limit=2${cursor}`, ann.access);
    seen.push(...rows(answer).map((row) => str(row["key_id"])));
    if (answer.json["next_cursor"] === null) break;
    cursor = `&cursor=${encodeURIComponent(str(answer.json["next_cursor"]))}`;
  }
  assertEquals(seen.sort(), made.sort());
});

Deno.test("lists refuse a query parameter that they do not know", async () => {
  await using house = await startHouse();
  const admin = await house.admin();
  for (const path of ["/users", "/keys", "/api/v1/llm/usage"]) {
    assertError(await house.call("GET", `${path}?color=red`, admin), 422, "invalid_field", "color");
  }
});

Deno.test("DELETE /keys/{id} answers 204 and ends the key at once; a second one is 404", async () => {
  await using house = await startHouse();
  const ann = await house.user("ann");
  const key = await house.key(ann.access);
  const other = await house.key(ann.access);
  assertEquals((await house.chat(key.key)).status, 200);
  const deleted = await house.call("DELETE", `/keys/${key.id}`, ann.access);
  assertEquals([deleted.status, deleted.text], [204, ""]);
  assertError(await house.chat(key.key), 401, "invalid_api_key");
  assertError(await house.call("DELETE", `/keys/${key.id}`, ann.access), 404, "not_found");
  assertError(await house.call("PATCH", `/keys/${key.id}`, ann.access, { name: "x" }), 404, "not_found");
  assertEquals((await house.chat(other.key)).status, 200);
});

Deno.test("a key deletes itself by DELETE /keys/current and nothing else", async () => {
  await using house = await startHouse();
  const ann = await house.user("ann");
  const key = await house.key(ann.access);
  const other = await house.key(ann.access);
  assertError(await house.call("DELETE", `/keys/${key.id}`, key.key), 403, "login_required");
  assertError(await house.call("DELETE", `/keys/${other.id}`, key.key), 403, "login_required");
  assertEquals((await house.call("DELETE", "/keys/current", key.key)).status, 204);
  assertError(await house.chat(key.key), 401, "invalid_api_key");
  assertEquals((await house.chat(other.key)).status, 200);
  const byLogin = await house.call("DELETE", "/keys/current", ann.access);
  assert(byLogin.status >= 400 && byLogin.status < 500, byLogin.text);
  assertEquals(rows(await house.call("GET", "/keys", ann.access)).map((row) => row["key_id"]), [other.id]);
});

Deno.test("a key ends when it expires, and PATCH can lengthen it", async () => {
  await using house = await startHouse();
  const ann = await house.user("ann");
  const expires = new Date(house.clock.now() + 60_000).toISOString();
  const key = await house.key(ann.access, { expires_at: expires });
  assertEquals((await house.chat(key.key)).status, 200);
  house.clock.skip(61_000);
  assertError(await house.chat(key.key), 401, "invalid_api_key");
  const later = new Date(house.clock.now() + 60_000).toISOString();
  assertEquals((await house.call("PATCH", `/keys/${key.id}`, ann.access, { expires_at: later })).status, 200);
  assertEquals((await house.chat(key.key)).status, 200);
});

Deno.test("two keys share nothing by which one could be told from the other", async () => {
  await using house = await startHouse();
  const ann = await house.user("ann");
  const made = await Promise.all(Array.from({ length: 10 }, () => house.key(ann.access)));
  assertEquals(new Set(made.map(({ key }) => key.slice(0, 9))).size, 10);
  assertNotEquals(made[0]?.id, made[1]?.id);
});
