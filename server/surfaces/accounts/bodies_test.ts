import { assertEquals } from "@std/assert";
import { LOCAL_USER } from "../../accounts/mod.ts";
import { type AccountsFixture, accountsFixture, told } from "./accounts_fixture.ts";

/** A body of each route that is right. */
const GOOD = {
  "POST /users": { username: "eve", password: "correct horse" },
  "POST /keys": { name: "k" },
  "PATCH /users/:id": {},
  "PATCH /keys/:id": {},
} as const;
type Route = keyof typeof GOOD;
const ROUTES = Object.keys(GOOD) as Route[]; // they are its keys

/** A gate with a user and a key to change, and the path of a route there. */
async function opened(): Promise<{ readonly gate: AccountsFixture; readonly at: (route: Route) => string }> {
  const gate = await accountsFixture();
  const user = await gate.addUser("ada");
  const { key } = await gate.rooms.keys.create({ userId: user.id, name: "k" });
  return { gate, at: (route) => route.replace("users/:id", `users/${user.id}`).replace("keys/:id", `keys/${key.id}`) };
}

for (const route of ROUTES) {
  Deno.test(`${route} refuses what is not one JSON object`, async () => {
    const { gate: base, at } = await opened();
    await using gate = base;
    const bodies = [
      "",
      "{",
      "[]",
      "null",
      "7",
      '"x"',
      "[{}]",
      '{"a":1}x',
      '{"name":"a","name":"b"}',
      `{"name":"\\ud800`,
    ];
    for (const body of [...bodies, "[".repeat(10_000), `{"a":`.repeat(10_000)]) {
      const asked = { as: LOCAL_USER, body, headers: { "content-type": "application/json" } };
      assertEquals([body.slice(0, 50), await told(await gate.ask(at(route), asked))], [
        body.slice(0, 50),
        "400 invalid_json",
      ]);
    }
    const long = { as: LOCAL_USER, json: { ...GOOD[route], x: "y".repeat(70_000) } };
    assertEquals(await told(await gate.ask(at(route), long)), "413 body_too_large");
    const form = { as: LOCAL_USER, form: { name: "x" } };
    assertEquals(await told(await gate.ask(at(route), form)), "415 unsupported_media_type");
  });

  Deno.test(`${route} names a field that it does not know`, async () => {
    const { gate: base, at } = await opened();
    await using gate = base;
    for (const name of ["id", "user_id", "generation", "__proto__", "constructor", "created_at", "key"]) {
      const fields = [...Object.entries(GOOD[route]), [name, 1]].map(([key, value]) =>
        `${JSON.stringify(key)}:${JSON.stringify(value)}`
      );
      const body = `{${fields.join(",")}}`;
      const asked = { as: LOCAL_USER, body, headers: { "content-type": "application/json" } };
      assertEquals(await told(await gate.ask(at(route), asked)), `422 invalid_field ${name}`);
    }
  });
}

const WRONG:
  readonly (readonly [routes: readonly Route[], field: string, values: readonly unknown[], param?: string])[] = [
    [["POST /users"], "username", [null, 7, [], {}, "", " ", "a b", "x".repeat(300), "me", "local", undefined]],
    [["POST /users"], "password", [null, 7, [], {}, "", "short", "x".repeat(2000), undefined]],
    [["POST /users"], "email", [7, [], {}, "", "x", "a@b\n", `a@${"b".repeat(300)}`]],
    [["POST /keys"], "name", [null, 7, [], {}, "", "x".repeat(101), "a\u0007b", undefined]],
    [["PATCH /keys/:id"], "name", [null, 7, "", "a\nb"]],
    [["PATCH /users/:id", "PATCH /keys/:id"], "disabled", [null, 0, "true", []]],
    [["PATCH /users/:id"], "role", [null, "", "root", "Admin", ["admin"], true]],
    [["POST /keys", "PATCH /keys/:id", "PATCH /users/:id"], "rpm", [0, -1, 1.5, "1", [1], true, 1e300]],
    [["POST /keys", "PATCH /keys/:id", "PATCH /users/:id"], "tpm", [0, -1, 1.5, "1", {}, false, 2 ** 53]],
    [["POST /keys", "PATCH /keys/:id", "PATCH /users/:id"], "models", ["m1", 7, {}, Array(101).fill("m")]],
    [
      ["POST /keys", "PATCH /keys/:id", "PATCH /users/:id"],
      "models",
      [[7], [null], [""], ["x".repeat(201)]],
      "models.0",
    ],
    [["POST /keys", "PATCH /keys/:id", "PATCH /users/:id"], "budget", [7, "1", [], true]],
    [
      ["POST /keys", "PATCH /keys/:id", "PATCH /users/:id"],
      "budget",
      [-1, 0.5, "5", null, undefined].map((amount_micros) => ({ amount_micros, period: "day" })),
      "budget.amount_micros",
    ],
    [
      ["POST /keys", "PATCH /keys/:id", "PATCH /users/:id"],
      "budget",
      ["week", "", null, undefined].map((period) => ({ amount_micros: 1, period })),
      "budget.period",
    ],
    [["POST /keys", "PATCH /users/:id"], "budget", [{ amount_micros: 1, period: "day", x: 1 }], "budget.x"],
  ];

for (const [routes, field, values, param = field] of WRONG) {
  for (const route of routes) {
    Deno.test(`${route} refuses a wrong ${param}, and nothing changes`, async () => {
      const { gate: base, at } = await opened();
      await using gate = base;
      const before = await everything(gate);
      for (const value of values) {
        const asked = { as: LOCAL_USER, json: { ...GOOD[route], [field]: value } };
        assertEquals([value, await told(await gate.ask(at(route), asked))], [value, `422 invalid_field ${param}`]);
      }
      assertEquals(await everything(gate), before);
    });
  }
}

Deno.test("POST /users/me/password holds its body to two passwords", async () => {
  await using gate = await accountsFixture();
  const user = await gate.addUser("ada");
  const as = { ...LOCAL_USER, userId: user.id, via: "token" } as const;
  const good = { current_password: "a", new_password: "b" };
  for (const name of ["current_password", "new_password"]) {
    for (const value of [null, 7, undefined]) {
      const response = await gate.ask("POST /users/me/password", { as, json: { ...good, [name]: value } });
      assertEquals(await told(response), `422 invalid_field ${name}`);
    }
  }
  assertEquals(
    await told(await gate.ask("POST /users/me/password", { as, json: { ...good, x: 1 } })),
    "422 invalid_field x",
  );
});

/** All that is stored. */
async function everything(gate: AccountsFixture): Promise<unknown[]> {
  const found = [];
  for await (const { key, value } of gate.rooms.store.list([])) found.push([key, value]);
  return found;
}
