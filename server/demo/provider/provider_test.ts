import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import * as oauth from "oauth4webapi";
import { FakeClock } from "../../effects/fake_clock.ts";
import { withDemo } from "../demo_fixture.ts";

Deno.test("discovery, OpenID's and OAuth's, names the issuer and every endpoint of the settings", () =>
  withDemo(async ({ credential }) => {
    const { issuer } = credential;
    assert(issuer !== null);
    for (const algorithm of ["oidc", "oauth2"] as const) {
      const response = await oauth.discoveryRequest(issuer, { algorithm, [oauth.allowInsecureRequests]: true });
      const found = await oauth.processDiscoveryResponse(issuer, response);
      assertEquals(found.issuer, issuer.href);
      assertEquals(found.token_endpoint, credential.tokenUrl?.href);
      assertEquals(found.device_authorization_endpoint, credential.deviceUrl?.href);
      assertEquals(found.authorization_endpoint, credential.authorizeUrl?.href);
      assertEquals(found.revocation_endpoint, credential.revokeUrl?.href);
    }
  }));

Deno.test("a refresh token is spent once: its second use shuts the model to all that came of it", () =>
  withDemo(async ({ credential, token, modelStatus }) => {
    const grant_type = "refresh_token";
    const seed = credential.refreshToken?.reveal() ?? "";
    const first = await token({ grant_type, refresh_token: seed });
    const second = await token({ grant_type, refresh_token: first.refresh_token });
    assertEquals([first.status, second.status, second.expires_in], [200, 200, 60]);
    assertEquals(await modelStatus(second.access_token), 200);
    const reused = await token({ grant_type, refresh_token: seed });
    assertEquals([reused.status, reused.error], [400, "invalid_grant"]);
    assertEquals(await modelStatus(second.access_token), 401);
    assertEquals((await token({ grant_type, refresh_token: second.refresh_token })).error, "invalid_grant");
  }));

Deno.test("two redeems of one refresh token at once: one wins, and the family is gone", () =>
  withDemo(async ({ credential, token, modelStatus }) => {
    const form = { grant_type: "refresh_token", refresh_token: credential.refreshToken?.reveal() ?? "" };
    const answers = await Promise.all([token(form), token(form)]);
    assertEquals(answers.map((answer) => answer.status).sort(), [200, 400]);
    const won = answers.find((answer) => answer.status === 200);
    assertEquals(await modelStatus(won?.access_token ?? ""), 401);
  }));

Deno.test("an access token is good for 60 seconds", async () => {
  const clock = new FakeClock();
  await withDemo(async ({ credential, token, modelStatus }) => {
    const form = { grant_type: "refresh_token", refresh_token: credential.refreshToken?.reveal() ?? "" };
    const { access_token } = await token(form);
    await clock.advance(59_000);
    assertEquals(await modelStatus(access_token), 200);
    await clock.advance(1_000);
    assertEquals(await modelStatus(access_token), 401);
  }, clock);
});

Deno.test("the token endpoint refuses in the words of RFC 6749 and lets nobody keep its answers", () =>
  withDemo(async ({ provider, credential, post, token }) => {
    const cases: [Record<string, string>, number, string][] = [
      [{}, 400, "invalid_request"],
      [{ grant_type: "" }, 400, "invalid_request"],
      [{ grant_type: "password" }, 400, "unsupported_grant_type"],
      [{ grant_type: "refresh_token" }, 400, "invalid_request"],
      [{ grant_type: "refresh_token", refresh_token: "x" }, 400, "invalid_grant"],
      [{ grant_type: "refresh_token", refresh_token: "x", client_id: "who" }, 401, "invalid_client"],
      [{ grant_type: "authorization_code", code: "x", redirect_uri: "x", code_verifier: "x" }, 400, "invalid_grant"],
      [{ grant_type: "urn:ietf:params:oauth:grant-type:device_code", device_code: "x" }, 400, "invalid_grant"],
    ];
    for (const [form, status, error] of cases) {
      const answer = await token(form);
      assertEquals([answer.status, answer.error], [status, error], JSON.stringify(form));
    }
    const twice = await fetch(`${provider}/token`, {
      method: "POST",
      headers: { "content-type": "application/x-www-form-urlencoded" },
      body: "grant_type=refresh_token&grant_type=refresh_token",
    });
    assertEquals([twice.status, (await twice.json()).error], [400, "invalid_request"]);
    const json = await fetch(`${provider}/token`, { method: "POST", body: "{}" });
    assertEquals([json.status, (await json.json()).error], [400, "invalid_request"]);
    const good = await post("/token", {
      grant_type: "refresh_token",
      refresh_token: credential.refreshToken?.reveal() ?? "",
    });
    assertEquals([good.headers.get("cache-control"), (await good.json()).token_type], ["no-store", "Bearer"]);
  }));

Deno.test("revocation ends a family, and says 200 to what it never knew", () =>
  withDemo(async ({ credential, post, token }) => {
    const seed = credential.refreshToken?.reveal() ?? "";
    const status = async (form: Record<string, string>) => {
      const response = await post("/revoke", form);
      await response.body?.cancel();
      return response.status;
    };
    assertEquals(await status({ token: "never seen" }), 200);
    assertEquals(await status({}), 400);
    assertEquals(await status({ token: seed, client_id: "who" }), 401);
    assertEquals(await status({ token: seed }), 200);
    assertEquals((await token({ grant_type: "refresh_token", refresh_token: seed })).error, "invalid_grant");
  }));

Deno.test("pages run no script, cannot be framed, and answer to loopback names alone", () =>
  withDemo(async ({ provider }) => {
    for (const path of ["/", "/device", "/nowhere"]) {
      const response = await fetch(provider + path);
      const csp = response.headers.get("content-security-policy") ?? "";
      assertStringIncludes(csp, "default-src 'none'");
      assertStringIncludes(csp, "frame-ancestors 'none'");
      const page = await response.text();
      assert(!/<script|style=|\son\w+=/.test(page), "no script, no inline style");
      assertStringIncludes(page, '<html lang="en">');
    }
    assertStringIncludes(await (await fetch(`${provider}/style.css`)).text(), "color-scheme: light dark");
    const { port } = new URL(provider);
    const connection = await Deno.connect({ hostname: "127.0.0.1", port: Number(port) });
    await connection.write(
      new TextEncoder().encode("GET /device HTTP/1.1\r\nhost: evil.example\r\nconnection: close\r\n\r\n"),
    );
    const answer = await new Response(connection.readable).text();
    assertStringIncludes(answer, "HTTP/1.1 403");
  }));
