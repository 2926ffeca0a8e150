import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { claimedIssuer } from "./claimed_issuer.ts";
import { encode, INSTALL, withRig } from "./tokens_fixture.ts";

const header = encode('{"alg":"none"}');

Deno.test("claimedIssuer() reads the issuer of a JWT of any algorithm, signed or not", () => {
  const payload = encode('{"iss":"us"}');
  for (const text of [`${header}.${payload}.`, `${header}.${payload}`, `${header}.${payload}.c2ln`, `x.${payload}.!`]) {
    assertEquals(claimedIssuer(text), "us", text);
  }
});

Deno.test("claimedIssuer() is null for what is no JWT", () => {
  const texts = [
    "",
    "sk-dummy",
    ".",
    "..",
    "...",
    "a.b.c",
    "sk-ant.api.03",
    `${header}.${encode("null")}.x`,
    `${header}.${encode('"us"')}.x`,
    `${header}.${encode('["us"]')}.x`,
    `${header}.${encode('{"iss":["us"]}')}.x`,
    `${header}.${encode('{"iss":1}')}.x`,
    `${header}.${encode("{}")}.x`,
    `${header}.${encode('{"iss":"us"}')}.x.y.z`,
    `${header}.${encode('{"iss":"us"}').slice(0, -3)}.x`,
    `${header}.${"W".repeat(8_000)}.x`,
    ".".repeat(1_000_000),
    `a.${"e".repeat(1_000_000)}.b`,
  ];
  for (const text of texts) assertEquals(claimedIssuer(text), null, text.slice(0, 60));
});

Deno.test("claimedIssuer() takes any text without throwing", () => {
  fc.assert(fc.property(fc.string({ unit: "binary" }), (text) => assertEquals(claimedIssuer(`a.${text}.c`), null)));
  fc.assert(fc.property(fc.json(), (text) => {
    const value: unknown = JSON.parse(text);
    const iss = typeof value === "object" && value !== null && "iss" in value ? value.iss : null;
    assertEquals(claimedIssuer(`a.${encode(text)}.c`), typeof iss === "string" ? iss : null);
  }));
});

Deno.test("isOurs() is true for JWTs of this install and for refresh tokens, and reads nothing", () =>
  withRig(async (rig) => {
    const tokens = rig.start();
    assertEquals(tokens.isOurs(`${header}.${encode(JSON.stringify({ iss: INSTALL.id }))}.`), true);
    assertEquals(tokens.isOurs(`${header}.${encode(JSON.stringify({ iss: `${INSTALL.id}x` }))}.`), false);
    assertEquals(tokens.isOurs(`${header}.${encode(JSON.stringify({ iss: INSTALL.id.toLowerCase() }))}.`), false);
    assertEquals(tokens.isOurs("ghr_anything"), true);
    for (const other of ["sk-dummy", "", "gh_key", "GHR_x", " ghr_x"]) assertEquals(tokens.isOurs(other), false, other);
    assertEquals([tokens.store.count("get"), tokens.store.count("commit")], [0, 0]);

    const grant = await tokens.issue(rig.addUser());
    assertEquals(tokens.isOurs(grant.accessToken.reveal()), true);
    assertEquals(tokens.isOurs(grant.refreshToken.reveal()), true);
    assertEquals(rig.start({ install: { id: "other", createdAt: 0 } }).isOurs(grant.accessToken.reveal()), false);
  }));
