import { assertEquals } from "@std/assert";
import { LOCAL_USER, NOBODY, type Who } from "../../accounts/mod.ts";
import { accountsFixture, told, whoOf } from "./accounts_fixture.ts";

const USER = { id: "01ARZ3NDEKTSV4RRFFQ69G5FAV", role: "user" } as const;
const ADMIN = { id: "01ARZ3NDEKTSV4RRFFQ69G5FAW", role: "admin" } as const;
const UNKNOWN = "01ARZ3NDEKTSV4RRFFQ69G5FAX";

/** Every kind of somebody. */
const EVERYBODY = {
  open: LOCAL_USER,
  "admin by token": whoOf(ADMIN, "token"),
  "admin by cookie": whoOf(ADMIN, "cookie"),
  "user by token": whoOf(USER, "token"),
  "user by cookie": whoOf(USER, "cookie"),
  "user's key": whoOf(USER, "api_key", UNKNOWN),
  "admin's key": whoOf(ADMIN, "api_key", UNKNOWN),
  "user's ticket": { ...whoOf(USER, "ticket"), ticketFor: "s" },
  "admin's ticket": { ...whoOf(ADMIN, "ticket"), ticketFor: "s" },
  scraper: { ...NOBODY, userId: "metrics", via: "metrics_token" },
  nobody: NOBODY,
} as const satisfies Record<string, Who>;
type Kind = keyof typeof EVERYBODY;

const ADMINS: readonly Kind[] = ["open", "admin by token", "admin by cookie"];
const LOGINS: readonly Kind[] = [...ADMINS, "user by token", "user by cookie"];
const KEYS: readonly Kind[] = ["user's key", "admin's key"];
const ALL = Object.keys(EVERYBODY) as Kind[]; // they are its keys

type Policy = "anyone" | "key or login" | "login" | "admin";
const MAY: Record<Policy, readonly Kind[]> = {
  anyone: ALL,
  "key or login": [...LOGINS, ...KEYS],
  login: LOGINS,
  admin: ADMINS,
};

const POLICY: Record<string, Policy> = {
  "POST /token": "anyone",
  "POST /revoke": "anyone",
  "POST /users": "anyone",
  "GET /users": "admin",
  "GET /users/me": "key or login",
  "POST /users/me/password": "login",
  "GET /users/:id": "admin",
  "PATCH /users/:id": "admin",
  "DELETE /users/:id": "admin",
  "POST /keys": "login",
  "GET /keys": "login",
  "DELETE /keys/current": "key or login",
  "GET /keys/:id": "login",
  "PATCH /keys/:id": "login",
  "DELETE /keys/:id": "login",
  "POST /credential/login": "admin",
  "GET /credential/login/:id": "admin",
  "DELETE /credential/login/:id": "admin",
};

/** What somebody is told who may not. */
function refusal(kind: Kind): string {
  if (kind === "nobody") return "401 credential_required";
  return LOGINS.includes(kind) ? "403 admin_required" : "403 login_required";
}

const REFUSAL = /credential_required|login_required|admin_required|registration_closed/;

Deno.test("every route of accounts has a line in the table", async () => {
  await using gate = await accountsFixture();
  const routes = Object.entries(gate.paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method} ${path}`)
  );
  assertEquals(routes.sort(), Object.keys(POLICY).sort());
});

for (const [route, policy] of Object.entries(POLICY)) {
  Deno.test(`${route} is for: ${policy}`, async () => {
    await using gate = await accountsFixture();
    for (const kind of ALL) {
      const found = await told(await gate.ask(route.replace(":id", UNKNOWN), { as: EVERYBODY[kind] }));
      const expected = MAY[policy].includes(kind) ? "may" : refusal(kind);
      assertEquals([kind, REFUSAL.test(found) ? found : "may"], [kind, expected]);
    }
  });
}

Deno.test("POST /users where registration is closed is for administrators by login alone", async () => {
  await using gate = await accountsFixture({ registration: "closed" });
  for (const [count, kind] of ALL.entries()) {
    const json = { username: `user${count}`, password: "correct horse" };
    const found = await told(await gate.ask("POST /users", { as: EVERYBODY[kind], json }));
    assertEquals([kind, found], [kind, ADMINS.includes(kind) ? "201" : "403 registration_closed"]);
  }
});

Deno.test("who may not is told so before the body is looked at, and whatever the id is", async () => {
  await using gate = await accountsFixture();
  const victim = await gate.addUser("victim");
  for (const id of [victim.id, UNKNOWN, "!", "me%2Fpassword"]) {
    const asked = { as: EVERYBODY["user by token"], body: "{", headers: { "content-type": "text/plain" } };
    assertEquals(await told(await gate.ask(`PATCH /users/${id}`, asked)), "403 admin_required");
  }
});

Deno.test("a path that is only like one of accounts is none", async () => {
  await using gate = await accountsFixture();
  for (const path of ["/user", "/users/", "/users/me/", "/users/x/y", "/keys/current/x", "/TOKEN", "/credential"]) {
    const response = await gate.ask(`GET ${path}`, { as: LOCAL_USER });
    await response.body?.cancel();
    assertEquals([path, response.status], [path, 404]);
  }
  const response = await gate.ask("DELETE /users/me", { as: LOCAL_USER });
  await response.body?.cancel();
  assertEquals([response.status, response.headers.get("allow")], [405, "GET, HEAD"]);
});
