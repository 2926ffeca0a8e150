import { assertEquals, assertStringIncludes } from "@std/assert";
import { checkDiscovery } from "./discovery.ts";
import { examination, headerOf, OAUTH } from "./examination_fixture.ts";
import { checkTokenEndpoint } from "./token_endpoint.ts";

const ISSUER = new URL("https://login.example/realm");
const TOKEN = new URL("https://login.example/token");
const METADATA = {
  issuer: "https://login.example/realm",
  token_endpoint: "https://login.example/realm/token",
  device_authorization_endpoint: "https://login.example/realm/device",
};

async function discovered(document: unknown): Promise<string> {
  const { findings, tokenUrl } = await checkDiscovery(examination(OAUTH, () => Response.json(document)), ISSUER);
  return `${findings[0]?.verdict} ${tokenUrl?.pathname ?? "-"}`;
}

Deno.test("checkDiscovery() takes metadata of the same issuer only", async () => {
  assertEquals(await discovered(METADATA), "ok /realm/token");
  assertEquals(await discovered({ ...METADATA, issuer: "https://login.example/other" }), "FAIL -");
  assertEquals(await discovered({ ...METADATA, issuer: 7 }), "FAIL -");
});

Deno.test("checkDiscovery() refuses a token endpoint that is not https", async () => {
  assertEquals(await discovered({ ...METADATA, token_endpoint: "http://login.example/token" }), "FAIL -");
  assertEquals(await discovered({ issuer: METADATA.issuer }), "FAIL -");
});

Deno.test("checkDiscovery() asks at both places", async () => {
  const exam = examination(OAUTH, () => new Response("nothing", { status: 404 }));
  assertEquals((await checkDiscovery(exam, ISSUER)).findings[0]?.verdict, "FAIL");
  assertEquals(exam.asked.map(({ url }) => url.pathname), [
    "/realm/.well-known/openid-configuration",
    "/.well-known/oauth-authorization-server/realm",
  ]);
});

async function tokenVerdict(answer: Response): Promise<string | undefined> {
  return (await checkTokenEndpoint(examination(OAUTH, () => answer), TOKEN))[0]?.verdict;
}

Deno.test("checkTokenEndpoint() sends an empty form and nothing that could be spent", async () => {
  const secrets = { OAUTH_REFRESH_TOKEN: "canary-seed", OAUTH_CLIENT_SECRET: "canary-secret" };
  const exam = examination(
    { ...OAUTH, ...secrets },
    () => Response.json({ error: "invalid_request" }, { status: 400 }),
  );
  const [finding] = await checkTokenEndpoint(exam, TOKEN);
  assertStringIncludes(finding?.found ?? "", "invalid_request");
  assertEquals(exam.asked.map(({ method, body }) => [method, body]), [["POST", ""]]);
  assertEquals(headerOf(exam.asked[0], "authorization"), null);
});

Deno.test("checkTokenEndpoint() judges by what answers", async () => {
  assertEquals(await tokenVerdict(Response.json({ error: "invalid_client" }, { status: 401 })), "ok");
  assertEquals(await tokenVerdict(new Response("<html>", { status: 400 })), "warn");
  assertEquals(await tokenVerdict(new Response("hello")), "warn");
  assertEquals(await tokenVerdict(Response.json({ error: "not_found" }, { status: 404 })), "FAIL");
  assertEquals(await tokenVerdict(new Response(null, { status: 302 })), "FAIL");
  assertEquals(await tokenVerdict(new Response(null, { status: 503 })), "warn");
});

Deno.test("checkTokenEndpoint() shows no foreign text", async () => {
  const answer = Response.json({ error: "canary \x1b[31m", error_description: "canary" }, { status: 400 });
  const findings = await checkTokenEndpoint(examination(OAUTH, () => answer), TOKEN);
  assertEquals(JSON.stringify(findings).includes("canary"), false);
});
