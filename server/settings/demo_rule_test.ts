import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { faultNames, faultText, load, OAUTH_MODEL, settingsOf } from "./settings_fixture.ts";

Deno.test("the demo runs when nothing about a model is set", () => {
  for (const env of [{}, { HOST: "localhost" }, { HOST: "[::1]" }, { LLM_API_URL: "" }, { PORT: "1" }]) {
    assertEquals(settingsOf(env).demo, true);
  }
});

Deno.test("the demo does not replace a partial configuration", () => {
  assertEquals(faultNames({ OAUTH_REFRESH_TOKEN: "r" }), ["OAUTH_CLIENT_ID", "OAUTH_TOKEN_URL", "LLM_API_URL"]);
  assertEquals(faultNames({ LLM_MODEL_NAME: "m" }), ["LLM_API_URL"]);
  assertEquals(faultNames({ API_KEY_ENV_VAR: "MY_KEY", MY_KEY: "k" }), ["LLM_API_URL"]);
  assertStringIncludes(faultText({ OAUTH_TOKEN_ULR: "x" }), "OAUTH_TOKEN_ULR is set");
});

Deno.test("the demo does not start by itself where others could reach it", () => {
  const remote = { DENO_KV_URL: "https://kv.example", GATEHOUSE_KEY: btoa("k".repeat(32)) };
  for (const env of [{ HOST: "0.0.0.0" }, { AUTH: "required" }, remote, { DEMO: "0" }]) {
    assertEquals(faultNames(env), ["LLM_API_URL"]);
  }
  assertStringIncludes(faultText({ HOST: "0.0.0.0" }), "HOST is not loopback");
});

Deno.test("DEMO=1 forces the demo, and says what it ignores", () => {
  const loaded = load({ ...OAUTH_MODEL, DEMO: "1", HOST: "0.0.0.0", AUTH: "required" });
  assert(loaded.ok);
  assertEquals([loaded.settings.demo, loaded.settings.upstreams], [true, []]);
  assertStringIncludes(loaded.warnings.join(), "ignores LLM_API_URL, OAUTH_HOST, OAUTH_CLIENT_ID");
});
