import { assertEquals, assertStringIncludes } from "@std/assert";
import { checkEnvironment } from "./environment.ts";
import { loaded, OAUTH, settingsOf } from "./examination_fixture.ts";
import { checkRuntime } from "./runtime.ts";
import { checkSettings } from "./settings.ts";

Deno.test("checkSettings() says that nothing is configured", () => {
  const [finding] = checkSettings(loaded({}));
  assertEquals(finding?.verdict, "ok");
  assertStringIncludes(finding?.found ?? "", "nothing is configured");
});

Deno.test("checkSettings() lists every fault and every warning", () => {
  const findings = checkSettings(loaded({ PORT: "abc", OAUTH_HOST: "login.example", LLM_MODLE_NAME: "x" }));
  assertEquals(findings.filter(({ verdict }) => verdict === "FAIL").length, 3);
  assertEquals(findings.filter(({ verdict }) => verdict === "warn").length, 1);
});

Deno.test("checkRuntime() warns of a Deno that does not report clients that leave", () => {
  assertEquals(checkRuntime("2.8.2").map(({ verdict }) => verdict), ["ok"]);
  assertEquals(checkRuntime("2.9.1").map(({ verdict }) => verdict), ["warn"]);
});

Deno.test("checkEnvironment() names the proxy without its login", () => {
  const settings = settingsOf({ ...OAUTH, HTTPS_PROXY: "http://ann:canary@proxy.example:3128" });
  const [finding] = checkEnvironment(["HTTPS_PROXY"], settings);
  assertStringIncludes(finding?.found ?? "", "https by proxy.example:3128");
  assertEquals(finding?.found.includes("canary"), false);
});
