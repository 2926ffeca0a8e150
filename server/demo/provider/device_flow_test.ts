import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import * as oauth from "oauth4webapi";
import { FakeClock } from "../../effects/fake_clock.ts";
import { type DemoFixture, formToken, withDemo } from "../demo_fixture.ts";

const insecure = { [oauth.allowInsecureRequests]: true };

/** A sign-in as a client library does it. */
async function signIn({ credential }: DemoFixture) {
  const { issuer } = credential;
  assert(issuer !== null);
  const server = await oauth.processDiscoveryResponse(issuer, await oauth.discoveryRequest(issuer, insecure));
  const client = { client_id: credential.clientId };
  const begin = await oauth.deviceAuthorizationRequest(server, client, oauth.None(), { scope: "model" }, insecure);
  const begun = await oauth.processDeviceAuthorizationResponse(server, client, begin);
  const poll = async () => {
    const response = await oauth.deviceCodeGrantRequest(server, client, oauth.None(), begun.device_code, insecure);
    try {
      return await oauth.processDeviceCodeResponse(server, client, response);
    } catch (error) {
      return error instanceof oauth.ResponseBodyError ? error.error : Promise.reject(error);
    }
  };
  return { begun, poll };
}

async function decide(demo: DemoFixture, address: string, decision: string): Promise<Response> {
  const page = await (await fetch(address)).text();
  return demo.post("/device", { form_token: formToken(page), decision });
}

Deno.test("device login: pending, told to slow down, allowed, signed in once", async () => {
  const clock = new FakeClock();
  await withDemo(async (demo) => {
    const { begun, poll } = await signIn(demo);
    assertEquals([begun.interval, begun.expires_in], [2, 600]);
    assertEquals(await poll(), "authorization_pending");
    await clock.advance(1_000);
    assertEquals(await poll(), "slow_down");
    await clock.advance(6_000);
    assertEquals(await poll(), "slow_down", "5 s more than before, for good");
    const shown = await (await fetch(begun.verification_uri_complete ?? "")).text();
    assertStringIncludes(shown, begun.user_code);
    const done = await decide(demo, begun.verification_uri_complete ?? "", "allow");
    assertStringIncludes(await done.text(), "You are signed in");
    await clock.advance(12_000);
    const signedIn = await poll();
    assert(typeof signedIn === "object", `refused: ${signedIn}`);
    assertEquals([signedIn.scope, await demo.modelStatus(signedIn.access_token)], ["model", 200]);
    assertEquals(await poll(), "invalid_grant");
  }, clock);
});

Deno.test("device login: a person who types the code and says no", () =>
  withDemo(async (demo) => {
    const { begun, poll } = await signIn(demo);
    const typed = begun.user_code.toLowerCase().replace("-", " ");
    const said = await decide(demo, `${begun.verification_uri}?user_code=${encodeURIComponent(typed)}`, "deny");
    assertStringIncludes(await said.text(), "Denied");
    assertEquals(await poll(), "access_denied");
  }));

Deno.test("device login: a code that nobody confirmed expires", async () => {
  const clock = new FakeClock();
  await withDemo(async (demo) => {
    const { begun, poll } = await signIn(demo);
    await clock.advance(600_000);
    assertEquals(await poll(), "expired_token");
    const page = await fetch(begun.verification_uri_complete ?? "");
    assertEquals(page.status, 400);
    assertStringIncludes(await page.text(), 'role="alert"');
  }, clock);
});

Deno.test("device login: no decision without the form that was shown, and only one with it", () =>
  withDemo(async (demo) => {
    const { begun, poll } = await signIn(demo);
    const forged = await demo.post("/device", { user_code: begun.user_code, decision: "allow" });
    assertEquals(forged.status, 400);
    await forged.body?.cancel();
    assertEquals(await poll(), "authorization_pending");
    const page = await (await fetch(begun.verification_uri_complete ?? "")).text();
    const form = { form_token: formToken(page), decision: "deny" };
    const [first, second] = [
      await demo.post("/device", form),
      await demo.post("/device", { ...form, decision: "allow" }),
    ];
    assertEquals([first.status, second.status], [200, 400]);
    await Promise.all([first.body?.cancel(), second.body?.cancel()]);
  }));

Deno.test("device login: begins for the demo's own client only", () =>
  withDemo(async ({ post }) => {
    const answer = await post("/device_authorization", { client_id: "who" });
    assertEquals([answer.status, (await answer.json()).error], [401, "invalid_client"]);
  }));
