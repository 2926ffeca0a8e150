import { assert, assertEquals } from "@std/assert";
import { Secret } from "../secrets/mod.ts";
import { json } from "./testing/fake_provider.ts";
import { never, refusal, type Rig, type RigOptions, withRig } from "./testing/rig.ts";
import { seeded, served } from "./testing/served.ts";

const METADATA = "https://idp.example/.well-known/openid-configuration";
const ISSUER: RigOptions = { settings: { issuer: new URL("https://idp.example"), tokenUrl: null } };

/** The first token request of a process with these settings, its refresh token named R. */
async function requestOf(rig: Rig) {
  const seed = rig.provider.grant().refreshToken;
  const machine = await rig.start({ settings: { refreshToken: new Secret(seed) } });
  await machine.token();
  const [seen] = rig.provider.tokenRequests;
  assert(seen !== undefined);
  assertEquals([seen.method, seen.contentType?.split(";")[0]], ["POST", "application/x-www-form-urlencoded"]);
  return { authorization: seen.authorization, body: seen.body.replace(seed, "R").split("&").sort() };
}

const CLIENTS: readonly [string, RigOptions["settings"], string | null, string[]][] = [
  ["none", {}, null, ["client_id=client-1", "grant_type=refresh_token", "refresh_token=R"]],
  [
    "basic",
    { clientAuth: "basic", clientSecret: new Secret("s3cr3t") },
    `Basic ${btoa("client%2D1:s3cr3t")}`,
    ["grant_type=refresh_token", "refresh_token=R"],
  ],
  [
    "basic, both parts form-encoded first (RFC 6749 §2.3.1)",
    { clientAuth: "basic", clientId: "a:b c", clientSecret: new Secret("p%s+ü&/:") },
    `Basic ${btoa("a%3Ab+c:p%25s%2B%C3%BC%26%2F%3A")}`,
    ["grant_type=refresh_token", "refresh_token=R"],
  ],
  [
    "post",
    { clientAuth: "post", clientId: "a:b c", clientSecret: new Secret("p%s+ü&") },
    null,
    ["client_id=a%3Ab+c", "client_secret=p%25s%2B%C3%BC%26", "grant_type=refresh_token", "refresh_token=R"],
  ],
  [
    "scope and extra parameters",
    { scope: "a b", extraParams: [["audience", "x&y"], ["resource", "1"], ["resource", "2"]] },
    null,
    [
      "audience=x%26y",
      "client_id=client-1",
      "grant_type=refresh_token",
      "refresh_token=R",
      "resource=1",
      "resource=2",
      "scope=a+b",
    ],
  ],
];

for (const [name, settings, authorization, body] of CLIENTS) {
  Deno.test(`client authentication as configured, and only that: ${name}`, () =>
    withRig(async (rig) => {
      const seen = await requestOf(rig);
      assertEquals(seen.body, body);
      const decoded = (header: string | null) => header === null ? null : atob(header.slice(6)).replaceAll("%2D", "-");
      assertEquals(decoded(seen.authorization), decoded(authorization));
    }, settings === undefined ? {} : { settings }));
}

Deno.test("client credentials ask without any refresh token, again when the token ends, and share it", () =>
  withRig(async (rig) => {
    const machine = await rig.start();
    const token = await machine.token();
    assertEquals(rig.provider.tokenRequests[0]?.body.split("&").sort(), [
      "client_id=client-1",
      "client_secret=s",
      "grant_type=client_credentials",
      "scope=model",
    ]);
    const other = await rig.start();
    assertEquals([await other.token(), rig.provider.asked], [token, 1]);
    rig.provider.next({ kind: "lost", spends: true });
    await rig.clock.advance(600_000);
    assert(rig.provider.asked >= 3);
    assertEquals(machine.credential.health().state, "valid");
    await machine.credential.rejected((await machine.credential.authorize(never)).generation, never);
  }, { settings: { grant: "client_credentials", clientAuth: "post", clientSecret: new Secret("s"), scope: "model" } }));

Deno.test("an issuer's metadata names the token endpoint; it is asked for once", () =>
  withRig(async (rig) => {
    rig.provider.page(METADATA, () =>
      json(200, { issuer: "https://idp.example", token_endpoint: "https://idp.example/t/token" }));
    const machine = await served(rig);
    await rig.clock.advance(1_200_000);
    const urls = rig.provider.seen.map(({ url }) =>
      url
    );
    assertEquals(urls.filter((url) => url === METADATA).length, 1);
    assertEquals([rig.provider.asked >= 3, new Set(urls).size], [true, 2]);
    assert(rig.provider.accepts(await machine.token()));
  }, ISSUER));

const TROUBLES: readonly [string, (signal: AbortSignal) => Response | Promise<Response>][] = [
  ["silent", (signal) => new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)))],
  [
    "an answer whose body stalls",
    () => new Response(new ReadableStream({}), { headers: { "content-type": "application/json" } }),
  ],
  ["a 500", () => json(500, {})],
  ["garbage", () => json(200, "<html>")],
  [
    "another issuer",
    () => json(200, { issuer: "https://idp.example/x", token_endpoint: "https://evil.example/token" }),
  ],
  [
    "a plain http endpoint",
    () => json(200, { issuer: "https://idp.example", token_endpoint: "http://idp.example/token" }),
  ],
  ["a redirect", () => json(302, "", { location: "https://evil.example/" })],
];

for (const [name, answer] of TROUBLES) {
  Deno.test(`metadata in trouble is no lost answer: ${name}`, () =>
    withRig(async (rig) => {
      rig.provider.page(METADATA, (_, signal) => answer(signal));
      const machine = await seeded(rig);
      await rig.clock.advance(400_000);
      const { state, lastError } = machine.credential.health();
      assert(state === "stale" || state === "refreshing", state);
      assert(lastError !== null);
      assertEquals(rig.provider.asked, 0);
      rig.provider.page(METADATA, () =>
        json(200, { issuer: "https://idp.example", token_endpoint: "https://idp.example/token" }));
      await rig.clock.advance(140_000);
      assert(rig.provider.accepts(await machine.token()));
      assertEquals(rig.provider.asked, 1);
    }, ISSUER));
}

Deno.test("an issuer without a token endpoint is said so", () =>
  withRig(async (rig) => {
    rig.provider.page(METADATA, () => json(200, { issuer: "https://idp.example" }));
    const machine = await seeded(rig);
    const error = await refusal(() => machine.token());
    assert(error.message.includes("token endpoint"), error.message);
  }, ISSUER));
