import { assertEquals, assertStringIncludes, fail } from "@std/assert";
import type { OAuthSettings } from "../settings.ts";
import { faultNames, faultText, OAUTH_MODEL, upstreamOf } from "../settings_fixture.ts";

function oauth(env: Record<string, string> = {}): OAuthSettings {
  const { credential } = upstreamOf({ ...OAUTH_MODEL, ...env });
  return credential.kind === "oauth2" ? credential : fail(credential.kind);
}

const faults = (env: Record<string, string>) => faultNames({ ...OAUTH_MODEL, ...env });

Deno.test("OAUTH_HOST alone means the token URL under /oauth2/v1", () => {
  assertEquals(oauth().tokenUrl?.href, "https://login.example/oauth2/v1/token");
  assertEquals(oauth({ OAUTH_HOST: "login.example:8443" }).tokenUrl?.host, "login.example:8443");
  assertEquals(faults({ OAUTH_HOST: "https://login.example" }), ["OAUTH_HOST"]);
});

Deno.test("an explicit endpoint beats the issuer, which beats the host", () => {
  const issuer = { OAUTH_ISSUER: "https://idp.example/tenant" };
  assertEquals([oauth(issuer).tokenUrl, oauth(issuer).issuer?.href], [null, "https://idp.example/tenant"]);
  const both = oauth({ ...issuer, OAUTH_TOKEN_URL: "https://idp.example/t" });
  assertEquals([both.tokenUrl?.href, both.issuer?.href], ["https://idp.example/t", "https://idp.example/tenant"]);
  assertEquals(oauth({ OAUTH_TOKEN_URL: "https://idp.example/t" }).tokenUrl?.href, "https://idp.example/t");
});

Deno.test("endpoints are https, or http on loopback", () => {
  for (
    const name of ["OAUTH_TOKEN_URL", "OAUTH_ISSUER", "OAUTH_DEVICE_URL", "OAUTH_AUTHORIZE_URL", "OAUTH_REVOKE_URL"]
  ) {
    assertEquals(faults({ [name]: "http://idp.example/t" }), [name]);
    assertEquals(faults({ [name]: "http://127.0.0.1:9/t" }), []);
    assertEquals(faults({ [name]: "http://[::1]:9/t" }), []);
  }
  assertEquals(faults({ OAUTH_ISSUER: "https://idp.example?x=1" }), ["OAUTH_ISSUER"]);
});

Deno.test("client authentication defaults by the secret, and never lacks one", () => {
  const secret = { OAUTH_CLIENT_SECRET: "s" };
  assertEquals(oauth().clientAuth, "none");
  assertEquals(oauth(secret).clientAuth, "basic");
  assertEquals(oauth({ ...secret, OAUTH_CLIENT_AUTH: "post" }).clientAuth, "post");
  assertEquals(faults({ OAUTH_CLIENT_AUTH: "post" }), ["OAUTH_CLIENT_SECRET"]);
  assertEquals(faults({ OAUTH_CLIENT_AUTH: "basic" }), ["OAUTH_CLIENT_SECRET"]);
});

Deno.test("client_credentials needs a secret that is sent", () => {
  const grant = { OAUTH_GRANT: "client_credentials" };
  assertEquals(faults(grant), ["OAUTH_CLIENT_SECRET"]);
  assertEquals(faults({ ...grant, OAUTH_CLIENT_SECRET: "s", OAUTH_CLIENT_AUTH: "none" }), ["OAUTH_CLIENT_AUTH"]);
  assertEquals(oauth({ ...grant, OAUTH_CLIENT_SECRET: "s" }).grant, "client_credentials");
});

Deno.test("a client id is needed, a refresh token is not", () => {
  assertEquals(faults({ OAUTH_CLIENT_ID: "" }), ["OAUTH_CLIENT_ID"]);
  assertEquals(oauth().refreshToken, null);
  assertEquals(oauth({ OAUTH_REFRESH_TOKEN: " r1\n" }).refreshToken?.reveal(), "r1");
});

Deno.test("a bad value is not also called missing", () => {
  assertEquals(faults({ OAUTH_HOST: "", OAUTH_TOKEN_URL: "nonsense" }), ["OAUTH_TOKEN_URL"]);
  assertEquals(faults({ OAUTH_CLIENT_ID: "a\nb" }), ["OAUTH_CLIENT_ID"]);
});

Deno.test("the access token's expiry is ISO 8601 with a zone, or epoch seconds", () => {
  const expiry = (text: string) => oauth({ OAUTH_ACCESS_TOKEN: "a", OAUTH_ACCESS_TOKEN_EXPIRES_AT: text });
  assertEquals(expiry("1900000000").accessTokenExpiresAt, 1_900_000_000_000);
  assertEquals(expiry("2030-01-31T12:00:00+01:00").accessTokenExpiresAt, Date.UTC(2030, 0, 31, 11));
  for (const bad of ["tomorrow", "2030-01-31T12:00:00", "2030-13-31T12:00:00Z", "1900000000000"]) {
    assertEquals(faults({ OAUTH_ACCESS_TOKEN: "a", OAUTH_ACCESS_TOKEN_EXPIRES_AT: bad }).length, 1);
  }
});

Deno.test("extra parameters come as a query or as JSON, and never override the flows'", () => {
  const pairs = (text: string) => oauth({ OAUTH_EXTRA_PARAMS: text }).extraParams;
  assertEquals(pairs("audience=a%20b&resource=x&resource=y"), [["audience", "a b"], ["resource", "x"], [
    "resource",
    "y",
  ]]);
  assertEquals(pairs(`{"audience":"a b"}`), [["audience", "a b"]]);
  for (const bad of ["grant_type=password", `{"client_id":"x"}`, `{"a":1}`, "{", "=x", "abc", "a=b&&c=d"]) {
    assertEquals(faults({ OAUTH_EXTRA_PARAMS: bad }), ["OAUTH_EXTRA_PARAMS"]);
  }
  assertStringIncludes(faultText({ ...OAUTH_MODEL, OAUTH_EXTRA_PARAMS: "hush" }), "a hidden value of 4 characters");
});
