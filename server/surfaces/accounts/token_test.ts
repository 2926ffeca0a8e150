import { assert, assertEquals, assertMatch } from "@std/assert";
import { NOBODY } from "../../accounts/mod.ts";
import { PASSWORD } from "../../accounts/users/users_fixture.ts";
import { Secret } from "../../secrets/mod.ts";
import { type AccountsFixture, accountsFixture, told } from "./accounts_fixture.ts";

const password = PASSWORD.reveal();

/** `POST /token` with this form. */
function token(gate: AccountsFixture, form: Record<string, string> | [string, string][]): Promise<Response> {
  return gate.ask("POST /token", { as: NOBODY, form });
}

async function login(gate: AccountsFixture): Promise<{ access_token: string; refresh_token: string }> {
  return await (await token(gate, { username: "ada", password })).json();
}

Deno.test("POST /token gives a login's tokens, with grant_type=password or without", async () => {
  await using gate = await accountsFixture();
  const user = await gate.addUser("ada");
  for (const grant of [{}, { grant_type: "password" }, { grant_type: "" }, { client_id: "x", scope: "a b" }]) {
    const response = await token(gate, { ...grant, username: "ADA", password });
    assertEquals(response.status, 200);
    assertEquals([response.headers.get("cache-control"), response.headers.get("pragma")], ["no-store", "no-cache"]);
    const body = await response.json();
    assertEquals(Object.keys(body), ["access_token", "token_type", "expires_in", "refresh_token"]);
    assertEquals([body.token_type, body.expires_in], ["bearer", 1800]);
    assertEquals((await gate.rooms.tokens.verify(new Secret(body.access_token))).userId, user.id);
  }
});

Deno.test("POST /token tells an unknown user, a wrong password and a disabled user alike", async () => {
  await using gate = await accountsFixture();
  await gate.addUser("ada");
  const { id } = await gate.addUser("bob");
  await gate.rooms.users.change(id, { disabled: true });
  const answers = new Set<string>();
  for (
    const form of [{ username: "eve", password }, { username: "ada", password: "wrong" }, { username: "bob", password }]
  ) {
    const response = await token(gate, form);
    assertEquals(response.status, 401);
    answers.add(await response.text());
  }
  assertEquals(answers.size, 1);
  assertMatch([...answers].join(), /"code":"invalid_credentials"/);
});

Deno.test("POST /token limits attempts by the client's address", async () => {
  await using gate = await accountsFixture();
  const { users } = gate.rooms;
  await gate.addUser("ada");
  for (let i = 0; i < 30; i++) await token(gate, { username: `user${i}`, password });
  const response = await token(gate, { username: "ada", password });
  assert(Number(response.headers.get("retry-after")) > 0);
  assertEquals(await told(response), "429 too_many_attempts");
  // Another address is another matter.
  await users.authenticate({ username: "ada", password: PASSWORD, address: "192.0.2.8" });
});

Deno.test("POST /token with grant_type=refresh_token rotates, and a spent or foreign token is invalid_grant", async () => {
  await using gate = await accountsFixture();
  await gate.addUser("ada");
  const first = await login(gate);
  const response = await token(gate, { grant_type: "refresh_token", refresh_token: first.refresh_token });
  const second = await response.json();
  assertEquals([response.status, second.token_type, second.expires_in], [200, "bearer", 1800]);
  assert(second.refresh_token !== first.refresh_token);
  await gate.rooms.clock.advance(11_000);
  for (const refresh_token of [first.refresh_token, second.refresh_token, first.access_token, "x", "ghr_x", 'é"\\']) {
    const bad = await token(gate, { grant_type: "refresh_token", refresh_token });
    assertEquals([bad.status, bad.headers.get("cache-control")], [400, "no-store"]);
    const body = await bad.json();
    assertEquals([Object.keys(body), body.error], [["error", "error_description"], "invalid_grant"]);
    assertMatch(body.error_description, /^[\x20\x21\x23-\x5b\x5d-\x7e]+$/);
  }
});

Deno.test("POST /token says in OAuth's words what the form lacks", async () => {
  await using gate = await accountsFixture();
  await gate.addUser("ada");
  const cases: readonly (readonly [form: Record<string, string> | [string, string][], told: string])[] = [
    [{}, "400 invalid_request"],
    [{ username: "ada" }, "400 invalid_request"],
    [{ username: "", password }, "400 invalid_request"],
    [{ password }, "400 invalid_request"],
    [{ username: "ada", password: "" }, "400 invalid_request"],
    [{ grant_type: "refresh_token" }, "400 invalid_request"],
    [[["username", "ada"], ["username", "ada"], ["password", password]], "400 invalid_request"],
    [[["username", "ada"], ["password", password], ["password", "x"]], "400 invalid_request"],
    [[["grant_type", "password"], ["grant_type", "refresh_token"]], "400 invalid_request"],
    [{ grant_type: "client_credentials" }, "400 unsupported_grant_type"],
    [{ grant_type: "Password", username: "ada", password }, "400 unsupported_grant_type"],
    [[["scope", "a"], ["scope", "b"], ["username", "ada"], ["password", password]], "200"],
  ];
  for (const [form, expected] of cases) assertEquals([form, await told(await token(gate, form))], [form, expected]);
});

Deno.test("POST /token and POST /revoke take forms alone, and short ones", async () => {
  await using gate = await accountsFixture();
  for (const path of ["/token", "/revoke"]) {
    const ask = (body: string, type: string | null) =>
      gate.ask(`POST ${path}`, { as: NOBODY, body, headers: type === null ? {} : { "content-type": type } });
    const text = `username=a&password=b&token=c&x=${"y".repeat(70_000)}`;
    assertEquals(await told(await ask(text, "application/x-www-form-urlencoded")), "413 body_too_large");
    for (
      const type of [
        "application/json",
        "multipart/form-data; boundary=x",
        "text/plain",
        "application/x-www-form-urlencodedx",
      ]
    ) {
      assertEquals(await told(await ask("{}", type)), "415 unsupported_media_type");
    }
    const odd = await told(
      await ask("token=%ff%zz&username=a&password=b", "Application/X-WWW-Form-Urlencoded; charset=utf-8"),
    );
    assertEquals(odd, path === "/token" ? "401 invalid_credentials" : "200");
  }
});

Deno.test("POST /revoke ends the login of either token, and knows no unknown ones", async () => {
  await using gate = await accountsFixture();
  await gate.addUser("ada");
  for (const kind of ["access_token", "refresh_token"] as const) {
    const tokens = await login(gate);
    const response = await gate.ask("POST /revoke", {
      as: NOBODY,
      form: { token: tokens[kind], token_type_hint: "x" },
    });
    assertEquals([response.status, await response.text(), response.headers.get("cache-control")], [
      200,
      "",
      "no-store",
    ]);
    const again = await token(gate, { grant_type: "refresh_token", refresh_token: tokens.refresh_token });
    assertEquals(await told(again), "400 invalid_grant");
  }
  for (const unknown of ["x", "a.b.c", "ghr_", "é"]) {
    assertEquals(await told(await gate.ask("POST /revoke", { as: NOBODY, form: { token: unknown } })), "200");
  }
  assertEquals(await told(await gate.ask("POST /revoke", { as: NOBODY, form: {} })), "400 invalid_request");
  assertEquals(
    await told(await gate.ask("POST /revoke", { as: NOBODY, form: [["token", "a"], ["token", "b"]] })),
    "400 invalid_request",
  );
});

Deno.test("a store that is away is a 503 of ours, not a grant that is refused", async () => {
  await using gate = await accountsFixture();
  await gate.addUser("ada");
  const { refresh_token } = await login(gate);
  gate.rooms.store.fail({ kind: "unavailable" });
  for (const form of [{ username: "ada", password }, { grant_type: "refresh_token", refresh_token }]) {
    assertEquals(await told(await token(gate, form)), "503 storage_unavailable");
  }
  gate.rooms.store.heal();
});
