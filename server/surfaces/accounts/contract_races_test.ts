import { assertEquals } from "@std/assert";
import { PASSWORD, rows, startHouse, str } from "./contract_fixture_test.ts";

Deno.test("changes at once to different fields of a key all stay, while the key is in use", async () => {
  await using house = await startHouse();
  const ann = await house.user("ann");
  const key = await house.key(ann.access);
  const changes = [{ name: "new" }, { rpm: 500 }, { tpm: 900_000 }, { models: ["m1"] }, {
    expires_at: "2099-01-01T00:00:00.000Z",
  }];
  const using = Array.from({ length: 10 }, () => house.chat(key.key));
  const changed = await Promise.all(
    changes.map((fields) => house.call("PATCH", `/keys/${key.id}`, ann.access, fields)),
  );
  assertEquals(changed.map((answer) => answer.status), changes.map(() => 200));
  await Promise.all(using);
  house.clock.skip(120_000);
  await house.chat(key.key);
  const [row] = rows(await house.call("GET", "/keys", ann.access));
  for (const fields of changes) for (const [name, value] of Object.entries(fields)) assertEquals(row?.[name], value);
});

Deno.test("changes at once to different fields of a user all stay", async () => {
  await using house = await startHouse();
  const admin = await house.admin();
  const ann = await house.user("ann");
  const changes = [
    { rpm: 500 },
    { tpm: 900_000 },
    { models: ["m1"] },
    { budget: { amount_micros: 5, period: "day" } },
    { role: "admin" },
  ];
  const logins = [house.token("ann"), house.token("ann")];
  const changed = await Promise.all(changes.map((fields) => house.call("PATCH", `/users/${ann.id}`, admin, fields)));
  assertEquals(changed.map((answer) => answer.status), changes.map(() => 200));
  await Promise.all(logins);
  const user = rows(await house.call("GET", "/users", admin)).find((row) => row["user_id"] === ann.id);
  for (const fields of changes) for (const [name, value] of Object.entries(fields)) assertEquals(user?.[name], value);
});

Deno.test("a key or user that is deleted right after use does not come back when the use is written down", async () => {
  await using house = await startHouse();
  const admin = await house.admin();
  const ann = await house.user("ann");
  const [key, other] = [await house.key(ann.access), await house.key(ann.access)];
  await Promise.all([house.chat(key.key), house.chat(other.key), house.chat(key.key)]);
  assertEquals((await house.call("DELETE", `/keys/${key.id}`, ann.access)).status, 204);
  for (let round = 0; round < 5; round++) {
    house.clock.skip(61_000);
    assertEquals((await house.chat(key.key)).status, 401);
    assertEquals(rows(await house.call("GET", "/keys", ann.access)).map((row) => row["key_id"]), [other.id]);
  }
  await house.chat(other.key);
  assertEquals((await house.call("DELETE", `/users/${ann.id}`, admin)).status, 204);
  for (let round = 0; round < 5; round++) {
    house.clock.skip(61_000);
    assertEquals((await house.chat(other.key)).status, 401);
    assertEquals(rows(await house.call("GET", "/users", admin)).map((row) => row["username"]), ["root"]);
  }
});

Deno.test("a refresh that races a revocation, and a login that races a new password, open nothing afterwards", async () => {
  await using house = await startHouse();
  const ann = await house.user("ann");
  const refresh = (token: string) =>
    house.call("POST", "/token", null, new URLSearchParams({ grant_type: "refresh_token", refresh_token: token }));
  const [turned] = await Promise.all([
    refresh(ann.refresh),
    house.call("POST", "/revoke", null, new URLSearchParams({ token: ann.refresh })),
  ]);
  if (turned.status === 200) {
    assertEquals((await house.call("GET", "/users/me", str(turned.json["access_token"]))).status, 401);
    assertEquals((await refresh(str(turned.json["refresh_token"]))).status, 400);
  }
  const next = await house.login("ann");
  const change = { current_password: PASSWORD, new_password: "a brand new pass phrase" };
  const [changed, ...opened] = await Promise.all([
    house.call("POST", "/users/me/password", next.access, change),
    house.token("ann"),
    refresh(next.refresh),
    house.token("ann"),
  ]);
  assertEquals(changed.status, 204, changed.text);
  for (const answer of opened) {
    if (answer.status !== 200) continue;
    assertEquals((await house.call("GET", "/users/me", str(answer.json["access_token"]))).status, 401);
    assertEquals((await refresh(str(answer.json["refresh_token"]))).status, 400);
  }
});

Deno.test("an administrator who is deleted can do nothing more with what is still in hand", async () => {
  await using house = await startHouse();
  const admin = await house.admin();
  const eve = await house.user("eve");
  await house.limit(eve.id, { role: "admin" });
  const power = await house.login("eve");
  assertEquals((await house.call("GET", "/users", power.access)).status, 200);
  assertEquals((await house.call("DELETE", `/users/${eve.id}`, admin)).status, 204);
  for (
    const [method, path, body] of [["GET", "/users", undefined], ["POST", "/keys", { name: "k" }], [
      "PATCH",
      `/users/${eve.id}`,
      { rpm: 1 },
    ], ["POST", "/credential/login", {}]] as const
  ) {
    assertEquals((await house.call(method, path, power.access, body)).status, 401);
  }
});
