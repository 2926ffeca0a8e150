import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import * as oauth from "oauth4webapi";
import { FakeClock } from "../../effects/fake_clock.ts";
import { type DemoFixture, formToken, withDemo } from "../demo_fixture.ts";

const insecure = { [oauth.allowInsecureRequests]: true };
const REDIRECT = "http://127.0.0.1:45678/callback?from=demo";
const VERIFIER = "v".repeat(43);

async function address(demo: DemoFixture, changed: Record<string, string | null> = {}): Promise<URL> {
  const url = new URL("/authorize", demo.provider);
  const usual = {
    client_id: demo.credential.clientId,
    response_type: "code",
    redirect_uri: REDIRECT,
    state: "state & <more>",
    code_challenge: await oauth.calculatePKCECodeChallenge(VERIFIER),
    code_challenge_method: "S256",
  };
  for (const [name, value] of Object.entries({ ...usual, ...changed })) {
    if (value !== null) url.searchParams.set(name, value);
  }
  return url;
}

/** What a browser does: shows the page, sends the form, and is sent on. */
async function decide(demo: DemoFixture, url: URL, decision: string): Promise<URL> {
  const page = await (await fetch(url)).text();
  const response = await demo.post("/authorize", { form_token: formToken(page), decision });
  await response.body?.cancel();
  assertEquals(response.status, 303);
  return new URL(response.headers.get("location") ?? "");
}

Deno.test("code login: a client library gets in by code, PKCE, state and issuer", () =>
  withDemo(async (demo) => {
    const { issuer, clientId } = demo.credential;
    assert(issuer !== null);
    const server = await oauth.processDiscoveryResponse(issuer, await oauth.discoveryRequest(issuer, insecure));
    const client = { client_id: clientId };
    const back = await decide(demo, await address(demo), "allow");
    assertEquals([back.host, back.pathname, back.searchParams.get("from")], ["127.0.0.1:45678", "/callback", "demo"]);
    const parameters = oauth.validateAuthResponse(server, client, back, "state & <more>");
    const none = oauth.None();
    const response = await oauth.authorizationCodeGrantRequest(
      server,
      client,
      none,
      parameters,
      REDIRECT,
      VERIFIER,
      insecure,
    );
    const signedIn = await oauth.processAuthorizationCodeResponse(server, client, response);
    assertEquals(await demo.modelStatus(signedIn.access_token), 200);
    const again = await demo.token({
      grant_type: "authorization_code",
      code: back.searchParams.get("code") ?? "",
      redirect_uri: REDIRECT,
      code_verifier: VERIFIER,
    });
    assertEquals(again.error, "invalid_grant");
    assertEquals(await demo.modelStatus(signedIn.access_token), 401, "a code used twice takes its tokens with it");
  }));

Deno.test("code login: the wrong verifier, redirect or age is refused, and the code is spent", async () => {
  const clock = new FakeClock();
  await withDemo(async (demo) => {
    const redeem = async (changed: Record<string, string>, ageMs = 0) => {
      const code = (await decide(demo, await address(demo), "allow")).searchParams.get("code") ?? "";
      await clock.advance(ageMs);
      const form = { grant_type: "authorization_code", code, redirect_uri: REDIRECT, code_verifier: VERIFIER };
      const first = await demo.token({ ...form, ...changed });
      return [first.status, first.error, (await demo.token(form)).error];
    };
    const refused = [400, "invalid_grant", "invalid_grant"];
    assertEquals(await redeem({ code_verifier: "w".repeat(43) }), refused);
    assertEquals(await redeem({ redirect_uri: "http://127.0.0.1:1/callback" }), refused);
    assertEquals(await redeem({}, 60_000), refused);
    assertEquals(await redeem({}, 59_000), [200, undefined, "invalid_grant"]);
  }, clock);
});

Deno.test("code login: a no and every fault go back to the program with state and issuer", () =>
  withDemo(async (demo) => {
    const denied = await decide(demo, await address(demo), "deny");
    assertEquals(denied.searchParams.get("error"), "access_denied");
    const faults: [Record<string, string | null>, string][] = [
      [{ response_type: "token" }, "unsupported_response_type"],
      [{ response_type: null }, "invalid_request"],
      [{ code_challenge: null }, "invalid_request"],
      [{ code_challenge_method: "plain" }, "invalid_request"],
    ];
    for (const [changed, error] of faults) {
      const response = await fetch(await address(demo, changed), { redirect: "manual" });
      await response.body?.cancel();
      const { searchParams } = new URL(response.headers.get("location") ?? "");
      assertEquals(["error", "state", "iss"].map((name) => searchParams.get(name)), [
        error,
        "state & <more>",
        demo.credential.issuer?.href ?? null,
      ]);
    }
  }));

Deno.test("code login: a form decides once", () =>
  withDemo(async (demo) => {
    const form = { form_token: formToken(await (await fetch(await address(demo))).text()), decision: "deny" };
    const answers = [await demo.post("/authorize", form), await demo.post("/authorize", form)];
    assertEquals(answers.map((answer) => answer.status), [303, 400]);
    await Promise.all(answers.map((answer) => answer.body?.cancel()));
  }));

Deno.test("code login: nothing is sent to a stranger's address", () =>
  withDemo(async (demo) => {
    const strangers = [
      "https://127.0.0.1/",
      "http://evil.example/",
      "http://127.0.0.1.evil.example/",
      "http://user@127.0.0.1/",
      "http://127.0.0.1/#x",
      "javascript:alert(1)",
      "<b>",
    ];
    for (const changed of [...strangers.map((redirect_uri) => ({ redirect_uri })), { client_id: "<i>" }]) {
      const response = await fetch(await address(demo, changed), { redirect: "manual" });
      assertEquals([response.status, response.headers.get("location")], [400, null], JSON.stringify(changed));
      assert(!/<b>|<i>/.test(await response.text()));
    }
  }));

Deno.test("code login: the form may end at the program's own address and nowhere else", () =>
  withDemo(async (demo) => {
    const policy = async (redirect_uri: string) => {
      const response = await fetch(await address(demo, { redirect_uri }));
      await response.body?.cancel();
      return response.headers.get("content-security-policy") ?? "";
    };
    assertStringIncludes(await policy(REDIRECT), "form-action 'self' http://127.0.0.1:45678;");
    assertStringIncludes(await policy("http://localhost:99/x"), "form-action 'self' http://localhost:99;");
    assertStringIncludes(await policy("http://[::1]:99/x"), "form-action 'self' http:;");
    const forged = await demo.post("/authorize", { decision: "allow", redirect_uri: REDIRECT });
    assertEquals([forged.status, forged.headers.get("location")], [400, null]);
    await forged.body?.cancel();
  }));
