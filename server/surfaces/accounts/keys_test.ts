import { assert, assertEquals, assertMatch } from "@std/assert";
import { LOCAL_USER, type Who } from "../../accounts/mod.ts";
import { Secret } from "../../secrets/mod.ts";
import { type AccountsFixture, accountsFixture, told, whoOf } from "./accounts_fixture.ts";

const UNKNOWN = "01ARZ3NDEKTSV4RRFFQ69G5FAX";
const EXPIRY = "2027-03-04T05:06:07.000Z";

async function create(gate: AccountsFixture, as: Who, json: Record<string, unknown> = {}) {
  const response = await gate.ask("POST /keys", { as, json: { name: "laptop", ...json } });
  assertEquals(response.status, 201);
  return await response.json();
}

async function ids(gate: AccountsFixture, as: Who, query = ""): Promise<string[]> {
  const { data } = await (await gate.ask(`GET /keys${query}`, { as })).json();
  return data.map(({ key_id }: { key_id: string }) => key_id);
}

Deno.test("POST /keys shows the key this once, and it opens what its owner may", async () => {
  await using gate = await accountsFixture();
  const user = await gate.addUser("ada");
  const as = whoOf(user);
  const budget = { amount_micros: 7, period: "day" };
  const { key, ...shown } = await create(gate, as, { models: ["m1"], rpm: 1, tpm: 2, budget, expires_at: EXPIRY });
  assertMatch(key, /^gh_/);
  assertEquals(shown, {
    key_id: shown.key_id,
    name: "laptop",
    user_id: user.id,
    start: shown.start,
    models: ["m1"],
    rpm: 1,
    tpm: 2,
    budget,
    disabled: false,
    expires_at: EXPIRY,
    last_used_at: null,
    created_at: new Date(gate.rooms.clock.now()).toISOString(),
  });
  assert(key.startsWith(shown.start) && key.length > shown.start.length + 20);
  assertEquals((await gate.rooms.keys.verify(new Secret(key))).userId, user.id);
  const later = await (await gate.ask(`GET /keys/${shown.key_id}`, { as })).json();
  assertEquals({ ...later, last_used_at: null }, shown);
  assertMatch(later.last_used_at, /Z$/);
  const listed = await (await gate.ask("GET /keys", { as })).text();
  assertEquals([listed.includes(key), listed.includes(shown.key_id)], [false, true]);
});

Deno.test("POST /keys takes times of any zone and gives them in UTC", async () => {
  await using gate = await accountsFixture();
  const { expires_at } = await create(gate, LOCAL_USER, { expires_at: "2027-03-04T07:06:07+02:00" });
  assertEquals(expires_at, EXPIRY);
  for (
    const wrong of [
      "2027-03-04",
      "2027-03-04T05:06:07",
      "tomorrow",
      "",
      "2027-02-30T00:00:00Z",
      "2020-01-01T00:00:00Z",
      1e12,
    ]
  ) {
    const response = await gate.ask("POST /keys", { as: LOCAL_USER, json: { name: "k", expires_at: wrong } });
    assertEquals([wrong, await told(response)], [wrong, "422 invalid_field expires_at"]);
  }
});

Deno.test("GET /keys shows users their own, administrators all, or those of one user", async () => {
  await using gate = await accountsFixture();
  const [ada, bob, admin] = [await gate.addUser("ada"), await gate.addUser("bob"), await gate.addUser("root", "admin")];
  const made = [];
  for (const user of [ada, bob, admin]) made.push((await create(gate, whoOf(user))).key_id);
  const [adas, bobs, admins] = made;
  assertEquals(await ids(gate, whoOf(ada)), [adas]);
  assertEquals(await ids(gate, whoOf(ada), `?user_id=${ada.id}`), [adas]);
  assertEquals(await ids(gate, whoOf(admin)), [adas, bobs, admins]);
  assertEquals(await ids(gate, whoOf(admin), `?user_id=${bob.id}`), [bobs]);
  assertEquals(await ids(gate, LOCAL_USER, "?user_id=local"), []);
  const page = await (await gate.ask("GET /keys?limit=2", { as: whoOf(admin) })).json();
  assertEquals(await ids(gate, whoOf(admin), `?limit=2&cursor=${page.next_cursor}`), [admins]);
  for (const other of [bob.id, UNKNOWN, "", "x"]) {
    assertEquals(await told(await gate.ask(`GET /keys?user_id=${other}`, { as: whoOf(ada) })), "404 not_found");
  }
  for (const odd of ["", "%00", "x".repeat(3000)]) {
    assertEquals(await told(await gate.ask(`GET /keys?user_id=${odd}`, { as: whoOf(admin) })), "404 not_found");
  }
});

Deno.test("PATCH /keys/{id} changes what is named, null lifts, and what is absent stays", async () => {
  await using gate = await accountsFixture();
  const { key, ...first } = await create(gate, LOCAL_USER, { rpm: 1, models: ["m1"], expires_at: EXPIRY });
  const patch = async (json: unknown) =>
    await (await gate.ask(`PATCH /keys/${first.key_id}`, { as: LOCAL_USER, json })).json();
  const change = { name: "desk", disabled: true, tpm: 5, budget: { amount_micros: 1, period: "month" } };
  assertEquals(await patch(change), { ...first, ...change });
  assertEquals(await told(await gate.ask("GET /keys", { as: LOCAL_USER })), "200");
  const lifted = { rpm: null, tpm: null, models: null, budget: null, expires_at: null, disabled: false };
  assertEquals(await patch(lifted), { ...first, name: "desk", ...lifted });
  assertEquals((await gate.rooms.keys.verify(new Secret(key))).name, "desk");
});

Deno.test("DELETE /keys/{id} revokes a key", async () => {
  await using gate = await accountsFixture();
  const user = await gate.addUser("ada");
  const { key_id } = await create(gate, whoOf(user));
  const response = await gate.ask(`DELETE /keys/${key_id}`, { as: whoOf(user) });
  assertEquals([response.status, await response.text()], [204, ""]);
  assertEquals(await told(await gate.ask(`DELETE /keys/${key_id}`, { as: whoOf(user) })), "404 not_found");
});

Deno.test("another user's key is 404 like one that does not exist, and administrators reach it", async () => {
  await using gate = await accountsFixture();
  const [ada, bob, admin] = [await gate.addUser("ada"), await gate.addUser("bob"), await gate.addUser("root", "admin")];
  const { key_id } = await create(gate, whoOf(ada));
  const answer = async (as: Who, method: string, id: string) => {
    const json = method === "PATCH" ? { name: "stolen" } : undefined;
    const response = await gate.ask(`${method} /keys/${id}`, { as, json });
    return [response.status, await response.text()];
  };
  for (const method of ["GET", "PATCH", "DELETE"]) {
    const unknown = await answer(whoOf(bob), method, UNKNOWN);
    assertEquals(unknown[0], 404);
    assertEquals(await answer(whoOf(bob), method, key_id), unknown);
    for (const odd of ["x", "%00", "x".repeat(3000)]) assertEquals(await answer(whoOf(bob), method, odd), unknown);
  }
  assertEquals((await gate.rooms.keys.get(key_id))?.name, "laptop");
  assertEquals((await answer(whoOf(admin), "PATCH", key_id))[0], 200);
  assertEquals((await answer(whoOf(admin), "DELETE", key_id))[0], 204);
});

Deno.test("DELETE /keys/current revokes the key that is shown, and is 404 with a login", async () => {
  await using gate = await accountsFixture();
  const user = await gate.addUser("ada");
  const [shown, other] = [await create(gate, whoOf(user)), await create(gate, whoOf(user))];
  for (const as of [whoOf(user), LOCAL_USER]) {
    assertEquals(await told(await gate.ask("DELETE /keys/current", { as })), "404 not_found");
  }
  const as = whoOf(user, "api_key", shown.key_id);
  assertEquals(await told(await gate.ask("DELETE /keys/current", { as })), "204");
  assertEquals(await ids(gate, whoOf(user)), [other.key_id]);
  assertEquals(await told(await gate.ask(`DELETE /keys/${other.key_id}`, { as })), "403 login_required");
});
