import { assert, assertEquals } from "@std/assert";
import { decodeJwt, decodeProtectedHeader, type JWTPayload, SignJWT, UnsecuredJWT } from "jose";
import { assertError, type House, JWT_SECRET, startHouse } from "./contract_fixture_test.ts";

const bytes = (text: string) => new TextEncoder().encode(text);
const b64 = (text: string) => btoa(text).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");

/** Signs claims under the header of a real token with parts of it changed; undefined leaves a part out. */
function sign(real: string, claims: JWTPayload, secret: string, header: Record<string, unknown> = {}): Promise<string> {
  const { alg: _, ...rest } = decodeProtectedHeader(real);
  const all = { ...decodeJwt(real), ...claims };
  return new SignJWT(JSON.parse(JSON.stringify(all))).setProtectedHeader({ alg: "HS256", ...rest, ...header }).sign(
    bytes(secret),
  );
}

async function assertRefused(house: House, token: string, what: string): Promise<void> {
  for (const path of ["/users/me", "/v1/models", "/api/v1/llm/models", "/api/v1/llm/usage", "/health"]) {
    const answer = await house.call("GET", path, token);
    assertEquals(answer.status, 401, `${what} at ${path}: ${answer.text}`);
  }
  assertEquals((await house.chat(token)).status, 401, what);
  assertEquals(house.upstream.calls.length, 0);
}

Deno.test("a token with alg none is refused, however it is spelt and signed", async () => {
  await using house = await startHouse();
  const ann = await house.user("ann");
  await assertRefused(house, new UnsecuredJWT(decodeJwt(ann.access)).encode(), "none");
  const [, payload = "", signature = ""] = ann.access.split(".");
  for (const alg of ["none", "None", "NONE", "nOnE", "", "HS256\u0000", "hs256"]) {
    const header = b64(JSON.stringify({ alg, typ: "at+jwt" }));
    await assertRefused(house, `${header}.${payload}.`, `${alg}, unsigned`);
    await assertRefused(house, `${header}.${payload}.${signature}`, `${alg}, signed`);
  }
  await assertRefused(house, `${b64("{}")}.${payload}.${signature}`, "no alg");
  await assertRefused(house, `${b64('{"alg":null}')}.${payload}.${signature}`, "null alg");
  await assertRefused(house, `${b64('{"alg":["HS256"]}')}.${payload}.${signature}`, "list alg");
});

Deno.test("a token signed with a guess, an empty key, or another algorithm is refused", async () => {
  await using house = await startHouse();
  const ann = await house.user("ann");
  for (
    const guess of [
      JWT_SECRET.toUpperCase(),
      "secret",
      "changeme",
      "x".repeat(32),
      "\0".repeat(32),
      "\0",
      `${JWT_SECRET} `,
      JWT_SECRET.slice(1),
      "gatehouse",
    ]
  ) {
    await assertRefused(house, await sign(ann.access, {}, guess), `guess ${guess}`);
  }
  for (const alg of ["HS384", "HS512"]) {
    await assertRefused(house, await sign(ann.access, {}, JWT_SECRET, { alg }), alg);
  }
});

Deno.test("a token cut, lengthened or spoiled in any part is refused", async () => {
  await using house = await startHouse();
  const ann = await house.user("ann");
  const [header = "", payload = "", signature = ""] = ann.access.split(".");
  const bent = [
    `${header}.${payload}`,
    `${header}.${payload}.`,
    `${header}..${signature}`,
    `.${payload}.${signature}`,
    "..",
    `${ann.access}.${signature}`,
    `${header}.${payload}.${signature.slice(0, -4)}`,
    `${header}.${payload}.${signature}AAAA`,
    `${header}.${payload}.${[...signature].reverse().join("")}`,
    `${header}.${b64(JSON.stringify({ ...decodeJwt(ann.access), sub: "x" }))}.${signature}`,
    `${b64('{"alg":"HS256","jku":"http://127.0.0.1:1/","typ":"at+jwt"}')}.${payload}.${signature}`,
    `${header}.${payload}.${signature}=`,
  ];
  for (const token of bent) await assertRefused(house, token, token);
});

Deno.test("a token of another install with the same JWT_SECRET is refused, and so are its key and refresh token", async () => {
  await using house = await startHouse();
  await using other = await startHouse();
  const theirs = await other.user("ann");
  await house.user("ann");
  const key = await other.key(theirs.access);
  await assertRefused(house, theirs.access, "another install's token");
  assertError(await house.chat(key.key), 401, "invalid_api_key");
  const form = new URLSearchParams({ grant_type: "refresh_token", refresh_token: theirs.refresh });
  const refreshed = await house.call("POST", "/token", null, form);
  assertEquals([refreshed.status, refreshed.json["error"]], [400, "invalid_grant"]);
});

Deno.test("a disabled user's token, refresh token, key and password open nothing, at once; enabled again, the password does", async () => {
  await using house = await startHouse();
  const ann = await house.user("ann");
  const key = await house.key(ann.access);
  assertEquals((await house.chat(key.key)).status, 200);
  assertEquals((await house.chat(ann.access)).status, 200);
  const calls = house.upstream.calls.length;
  await house.limit(ann.id, { disabled: true });
  assertEquals((await house.chat(key.key)).status, 401);
  assertEquals((await house.chat(ann.access)).status, 401);
  assertError(await house.call("GET", "/users/me", ann.access), 401, "invalid_token");
  assertError(await house.token("ann"), 401, "invalid_credentials");
  const form = new URLSearchParams({ grant_type: "refresh_token", refresh_token: ann.refresh });
  assertEquals((await house.call("POST", "/token", null, form)).status, 400);
  assertEquals(house.upstream.calls.length, calls);
  await house.limit(ann.id, { disabled: false });
  assertEquals((await house.token("ann")).status, 200);
  assertEquals((await house.chat(key.key)).status, 200);
});

Deno.test("in open mode too a token with our issuer is judged, a foreign one is the local user's dummy", async () => {
  await using house = await startHouse({ AUTH: "auto" });
  const ann = await house.user("ann");
  assertError(await house.chat(await sign(ann.access, {}, "x".repeat(40))), 401, "invalid_token");
  assertError(await house.chat(new UnsecuredJWT(decodeJwt(ann.access)).encode()), 401, "invalid_token");
  assertEquals(
    (await house.chat(await sign(ann.access, { iss: "https://elsewhere.example" }, JWT_SECRET))).status,
    200,
  );
  const foreign = await house.call(
    "GET",
    "/users/me",
    await sign(ann.access, { iss: "https://elsewhere.example" }, JWT_SECRET),
  );
  assertEquals([foreign.json["username"], foreign.json["role"]], ["local", "admin"]);
  assertEquals((await house.call("GET", "/users/me", ann.access)).json["username"], "ann");
  assertError(await house.chat(`gh_${"x".repeat(40)}`), 401, "invalid_api_key");
  assertEquals((await house.chat("sk-dummy")).status, 200);
  house.clock.skip(31 * 60_000);
  assertError(await house.chat(ann.access), 401, "invalid_token");
  const login = await house.token("local", "");
  assert(login.status !== 200, login.text);
});
