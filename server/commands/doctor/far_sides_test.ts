import { assertEquals, assertStringIncludes } from "@std/assert";
import { NetworkError } from "../../network/mod.ts";
import { checkConnect } from "./connect.ts";
import { checkDns } from "./dns.ts";
import { examination, OAUTH } from "./examination_fixture.ts";
import { checkProxies } from "./proxy.ts";
import { SILENCE } from "./time_limit.ts";

const MODEL = new URL("https://models.example");
const PROXY = { ...OAUTH, HTTP_PROXY_URL: "http://ann:canary@proxy.example:3128" };

const resolve = (...known: string[]) => (name: string) =>
  known.includes(name) ? Promise.resolve(["192.0.2.1"]) : Promise.reject(new Error("ENOTFOUND"));

Deno.test("checkDns() names what cannot be resolved, each once", async () => {
  const exam = examination(OAUTH, undefined, { resolve: resolve("login.example") });
  const { findings, unknown } = await checkDns(exam);
  assertEquals(findings.map(({ verdict }) => verdict), ["ok", "FAIL"]);
  assertEquals([...unknown], ["models.example"]);
});

Deno.test("checkDns() leaves names to the proxy where there is one", async () => {
  const { findings, unknown } = await checkDns(examination(PROXY, undefined, { resolve: resolve("proxy.example") }));
  assertEquals(findings.map(({ verdict }) => verdict), ["ok", "warn", "warn"]);
  assertEquals(unknown.size, 0);
});

Deno.test("checkDns() gives up on a resolver that is silent", async () => {
  const exam = examination(OAUTH, undefined, { resolve: () => new Promise(() => {}) });
  const names = checkDns(exam);
  await exam.clock.advance(SILENCE);
  assertEquals((await names).unknown.size, 2);
});

Deno.test("checkProxies() warns of a dead proxy and never shows its login", async () => {
  const refuse = () => Promise.reject(new Deno.errors.ConnectionRefused("canary"));
  const [finding] = await checkProxies(examination(PROXY, undefined, { connect: refuse }));
  assertEquals(finding?.verdict, "warn");
  assertStringIncludes(finding?.found ?? "", "proxy.example:3128 refuses connections");
  assertEquals(JSON.stringify(finding).includes("canary"), false);
});

Deno.test("checkProxies() gives up on a proxy that is silent", async () => {
  const exam = examination(PROXY, undefined, { connect: () => new Promise(() => {}) });
  const check = checkProxies(exam);
  await exam.clock.advance(exam.settings.network.connectionTimeout);
  assertStringIncludes((await check)[0]?.found ?? "", "does not answer");
});

Deno.test("checkConnect() takes any answer and sends no credential", async () => {
  const exam = examination(OAUTH, () => new Response(null, { status: 404 }));
  assertEquals((await checkConnect(exam, MODEL)).verdict, "ok");
  assertEquals(exam.asked.map(({ method, url, headers }) => [method, url.href, headers]), [[
    "HEAD",
    `${MODEL}`,
    undefined,
  ]]);
});

Deno.test("checkConnect() tells a dead way from a silent server", async () => {
  const failing = (sent: boolean) =>
    examination(OAUTH, () => Promise.reject(new NetworkError(sent ? "silent" : "unreachable", sent, "Set CA_FILE.")));
  assertEquals((await checkConnect(failing(false), MODEL)).verdict, "FAIL");
  assertStringIncludes((await checkConnect(failing(false), MODEL)).found, "CA_FILE");
  assertEquals((await checkConnect(failing(true), MODEL)).verdict, "warn");
});

Deno.test("checkConnect() knows a proxy that wants a login", async () => {
  const exam = examination(PROXY, () => new Response(null, { status: 407 }));
  assertEquals((await checkConnect(exam, MODEL)).verdict, "FAIL");
});
