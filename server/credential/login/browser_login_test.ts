import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { withDemo } from "../../demo/demo_fixture.ts";
import { json } from "../testing/fake_provider.ts";
import { loginOf } from "../testing/login_rig.ts";
import { never, type Rig, type RigOptions, withRig } from "../testing/rig.ts";
import { type BrowserLogin, LoginError, startBrowserLogin } from "./mod.ts";

const METADATA = "https://idp.example/.well-known/openid-configuration";
const EXPLICIT: RigOptions = {
  settings: { authorizeUrl: new URL("https://idp.example/authorize?tenant=1"), scope: "a b" },
};
const ISSUER: RigOptions = { settings: { issuer: new URL("https://idp.example"), tokenUrl: null } };

/** The browser comes back with these parameters; @returns the status of the page it sees. */
async function back(login: BrowserLogin, parameters: Record<string, string>, path?: string): Promise<number> {
  const url = new URL(login.url.searchParams.get("redirect_uri") ?? "");
  if (path !== undefined) url.pathname = path;
  for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value);
  const response = await fetch(url);
  await response.body?.cancel();
  return response.status;
}

const stateOf = (login: BrowserLogin) => login.url.searchParams.get("state") ?? "";

async function begin(rig: Rig): Promise<BrowserLogin> {
  return await startBrowserLogin(await loginOf(rig), never);
}

function grantCode(rig: Rig): string {
  const { accessToken, refreshToken } = rig.provider.grant();
  const body = { access_token: accessToken, refresh_token: refreshToken, token_type: "Bearer", expires_in: 60 };
  rig.provider.next({ kind: "answer", status: 200, body });
  return accessToken;
}

async function failure(work: Promise<void>): Promise<LoginError> {
  const error = await assertRejects(() => work, LoginError);
  assert(!Deno.inspect(error).includes("canary") && error.cause === undefined);
  return error;
}

Deno.test("startBrowserLogin() asks with PKCE S256, state, scope and a loopback redirect", () =>
  withRig(async (rig) => {
    const login = await begin(rig);
    const finished = login.finish(never);
    const query = login.url.searchParams;
    assertEquals(
      [query.get("tenant"), query.get("response_type"), query.get("client_id"), query.get("scope")],
      ["1", "code", "client-1", "a b"],
    );
    assertEquals(query.get("code_challenge_method"), "S256");
    assertMatch(query.get("code_challenge") ?? "", /^[\w-]{43}$/);
    assertMatch(query.get("state") ?? "", /^[\w-]{40,}$/);
    assertMatch(query.get("redirect_uri") ?? "", /^http:\/\/127\.0\.0\.1:\d+\/callback$/);
    const token = grantCode(rig);
    assertEquals(await back(login, { code: "canary-code", state: stateOf(login) }), 200);
    await finished;
    assertEquals((await (await rig.stored()).load())?.record.accessToken, token);
    const form = rig.provider.tokenRequests[0]?.form;
    assertEquals([form?.get("grant_type"), form?.get("code")], ["authorization_code", "canary-code"]);
    assertEquals(form?.get("redirect_uri"), query.get("redirect_uri"));
    const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(form?.get("code_verifier") ?? ""));
    assertEquals(
      new Uint8Array(digest).toBase64({ alphabet: "base64url", omitPadding: true }),
      query.get("code_challenge"),
    );
  }, EXPLICIT));

Deno.test("a callback with a wrong path, method or state changes nothing; the right one still works", () =>
  withRig(async (rig) => {
    const login = await begin(rig);
    const finished = login.finish(never);
    assertEquals(await back(login, { code: "c", state: stateOf(login) }, "/other"), 404);
    assertEquals(await back(login, { code: "c", state: "wrong" }), 400);
    assertEquals(await back(login, { code: "c" }), 400);
    assertEquals(await back(login, { error: "access_denied", state: "wrong" }), 400);
    grantCode(rig);
    assertEquals(await back(login, { code: "c", state: stateOf(login) }), 200);
    await finished;
    assertEquals(rig.provider.asked, 1);
  }, EXPLICIT));

Deno.test("a denial and other errors of the provider are told apart, and nothing is stored", async () => {
  for (const [error, kind] of [["access_denied", "denied"], ["server_error", "failed"]] as const) {
    await withRig(async (rig) => {
      const login = await begin(rig);
      const finished = failure(login.finish(never));
      await back(login, { error, error_description: "canary", state: stateOf(login) });
      assertEquals([(await finished).kind, rig.provider.asked], [kind, 0]);
      assertEquals(await (await rig.stored()).load(), null);
    }, EXPLICIT);
  }
});

Deno.test("the issuer in the redirect is compared exactly (RFC 9207)", async () => {
  for (
    const [iss, works] of [["https://idp.example", true], ["https://evil.example", false], [
      "https://idp.example/x",
      false,
    ], [
      null,
      false,
    ]] as const
  ) {
    await withRig(async (rig) => {
      rig.provider.page(METADATA, () =>
        json(200, {
          issuer: "https://idp.example",
          token_endpoint: "https://idp.example/token",
          authorization_endpoint: "https://idp.example/authorize",
          authorization_response_iss_parameter_supported: true,
        }));
      const login = await begin(rig);
      if (works) grantCode(rig);
      const finished = works ? login.finish(never) : failure(login.finish(never));
      await back(login, { code: "c", state: stateOf(login), ...(iss === null ? {} : { iss }) });
      await finished;
      assertEquals(rig.provider.asked, works ? 1 : 0, `${iss}`);
    }, ISSUER);
  }
});

Deno.test("without OAUTH_ISSUER there is nothing to compare the redirect's issuer with", () =>
  withRig(async (rig) => {
    const login = await begin(rig);
    const finished = login.finish(never);
    grantCode(rig);
    await back(login, { code: "c", state: stateOf(login), iss: "https://idp.example/realms/main" });
    await finished;
  }, EXPLICIT));

Deno.test("a code that the provider refuses fails the login; it is redeemed once", () =>
  withRig(async (rig) => {
    const login = await begin(rig);
    const finished = failure(login.finish(never));
    rig.provider.next({ kind: "answer", status: 400, body: { error: "invalid_grant", error_description: "canary" } });
    await back(login, { code: "c", state: stateOf(login) });
    assertEquals([(await finished).kind, rig.provider.asked], ["failed", 1]);
  }, EXPLICIT));

Deno.test("nobody comes back: over after ten minutes; given up: the caller's reason", async () => {
  await withRig(async (rig) => {
    const login = await begin(rig);
    const finished = failure(login.finish(never));
    await rig.clock.advance(600_000);
    assertEquals((await finished).kind, "expired");
  }, EXPLICIT);
  await withRig(async (rig) => {
    const stop = new AbortController();
    const login = await begin(rig);
    const finished = assertRejects(() => login.finish(stop.signal), RangeError, "mine");
    stop.abort(new RangeError("mine"));
    await finished;
  }, EXPLICIT);
});

Deno.test("startBrowserLogin() says that the provider has no authorization endpoint", () =>
  withRig(async (rig) => {
    assertEquals((await assertRejects(() => begin(rig), LoginError)).kind, "unsupported");
  }));

Deno.test("a browser login against the demo's provider stores a pair that works", () =>
  withDemo(async (demo) => {
    await withRig(async (rig) => {
      rig.provider.fetch = ({ url, method, headers, body }) =>
        fetch(url, { redirect: "manual", method: method ?? "GET", ...(headers && { headers }), ...(body && { body }) });
      const context = await loginOf(rig, demo.credential);
      const login = await startBrowserLogin(context, never);
      const finished = login.finish(never);
      const page = await (await fetch(login.url)).text();
      const form = new URLSearchParams({ form_token: /name="form_token" value="([^"]+)"/.exec(page)?.[1] ?? "" });
      form.set("decision", "allow");
      const action = new URL(/action="([^"]+)"/.exec(page)?.[1] ?? "", login.url);
      const answer = await fetch(action, { method: "POST", body: form, redirect: "manual" });
      await answer.body?.cancel();
      const page2 = await fetch(new URL(answer.headers.get("location") ?? ""));
      assertEquals(page2.status, 200);
      await page2.body?.cancel();
      await finished;
      const stored = await context.store.load();
      assertEquals(await demo.modelStatus(stored?.record.accessToken ?? ""), 200);
    });
  }));
