import { assertEquals, assertStringIncludes } from "@std/assert";
import { faultNames, faultText, load, OAUTH_MODEL, upstreamOf } from "../settings_fixture.ts";

const LOCAL = { LLM_BASE_URL: "http://127.0.0.1:11434/v1" } as const;

function urls(env: Record<string, string>): (string | null)[] {
  const { chatUrl, modelsUrl } = upstreamOf(env);
  return [chatUrl.href, modelsUrl?.href ?? null];
}

Deno.test("LLM_API_URL is used as it is, and the model list derived from it", () => {
  assertEquals(urls({ LLM_API_URL: "https://m.example/v1/chat/completions?api-version=2" }), [
    "https://m.example/v1/chat/completions?api-version=2",
    "https://m.example/v1/models?api-version=2",
  ]);
  assertEquals(urls({ LLM_API_URL: "https://m.example/chat/completions/" })[1], "https://m.example/models");
  assertEquals(urls({ LLM_API_URL: "https://m.example/generate" })[1], null);
});

Deno.test("LLM_BASE_URL gets /chat/completions, its query kept", () => {
  assertEquals(urls({ LLM_BASE_URL: "https://m.example/v1//?a=b" }), [
    "https://m.example/v1/chat/completions?a=b",
    "https://m.example/v1/models?a=b",
  ]);
  assertEquals(urls({ LLM_BASE_URL: "https://m.example" })[0], "https://m.example/chat/completions");
  assertEquals(urls({ ...LOCAL, LLM_API_URL: "https://m.example/x" })[0], "https://m.example/x");
});

Deno.test("LLM_MODELS_API_URL beats the derived one", () => {
  assertEquals(urls({ ...LOCAL, LLM_MODELS_API_URL: "https://list.example/m" })[1], "https://list.example/m");
});

Deno.test("a model URL must be http or https, without user info or fragment", () => {
  for (const bad of ["ftp://m.example", "m.example/v1", "https://u:pw9@m.example", "https://m.example#x", "https://"]) {
    assertEquals(faultNames({ LLM_API_URL: bad }), ["LLM_API_URL"]);
  }
  const text = faultText({ LLM_API_URL: "https://u:pw9@m.example/v1?k=q9" });
  assertStringIncludes(text, `"https://***@m.example/v1?…"`);
  assertStringIncludes(text, "API_KEY_ENV_VAR");
});

Deno.test("an upstream without a credential is allowed", () => {
  assertEquals(upstreamOf(LOCAL).credential, { kind: "none" });
  assertEquals(upstreamOf(LOCAL).name, "default");
});

Deno.test("model settings have defaults and units", () => {
  const { requestTimeout, totalTimeout, contextTokens, maxConcurrent, temperature } = upstreamOf(LOCAL);
  assertEquals([requestTimeout, totalTimeout, contextTokens, maxConcurrent, temperature], [120_000, 0, null, 0, null]);
  const set = upstreamOf({ ...LOCAL, LLM_REQUEST_TIMEOUT: "1.5", LLM_TOTAL_TIMEOUT: "60", LLM_TEMPERATURE: "0.2" });
  assertEquals([set.requestTimeout, set.totalTimeout, set.temperature], [1500, 60_000, 0.2]);
  assertEquals(faultNames({ ...LOCAL, LLM_REQUEST_TIMEOUT: "0", LLM_TEMPERATURE: "3", LLM_CONTEXT_TOKENS: "1.5" }), [
    "LLM_TEMPERATURE",
    "LLM_REQUEST_TIMEOUT",
    "LLM_CONTEXT_TOKENS",
  ]);
});

Deno.test("API_KEY_ENV_VAR names the variable that holds the key, in the environment or .env", () => {
  const { credential } = upstreamOf({ ...LOCAL, API_KEY_ENV_VAR: "MY_KEY", MY_KEY: "k1", API_KEY_HEADER: "X-Api-Key" });
  assertEquals(
    credential.kind === "api_key" && [credential.variable, credential.header, credential.key.reveal()],
    ["MY_KEY", "x-api-key", "k1"],
  );
  const fromFile = load({ ...LOCAL, API_KEY_ENV_VAR: "MY_KEY" }, { dotenv: "MY_KEY=k2" });
  assertEquals(fromFile.ok, true);
  assertStringIncludes(faultText({ ...LOCAL, API_KEY_ENV_VAR: "MY_KEY" }), `"MY_KEY", which is not set`);
  assertEquals(faultNames({ ...LOCAL, API_KEY_ENV_VAR: "MY_KEY", MY_KEY: "a\nb" }), ["API_KEY_ENV_VAR"]);
});

Deno.test("a key pasted into API_KEY_ENV_VAR is not shown", () => {
  for (const pasted of ["sk-abc-DEF", "abcDEF123", "ABC123DEF", "a".repeat(60)]) {
    const text = faultText({ ...LOCAL, API_KEY_ENV_VAR: pasted });
    assertStringIncludes(text, "API_KEY_ENV_VAR: found a hidden value");
    assertEquals(text.includes(pasted), false);
  }
});

Deno.test("OAuth2 and an API key together are a fault", () => {
  assertEquals(faultNames({ ...OAUTH_MODEL, API_KEY_ENV_VAR: "MY_KEY", MY_KEY: "k" }), ["API_KEY_ENV_VAR"]);
});

Deno.test("an extra header must not be the credential's own", () => {
  const header = { LLM_EXTRA_HEADERS: "Authorization: Basic eA==" };
  assertEquals(upstreamOf({ ...LOCAL, ...header }).extraHeaders.map(([name]) => name), ["authorization"]);
  assertEquals(faultNames({ ...OAUTH_MODEL, ...header }), ["LLM_EXTRA_HEADERS"]);
});

Deno.test("a credential on plain http off loopback is warned of", () => {
  const key = { API_KEY_ENV_VAR: "MY_KEY", MY_KEY: "k" };
  assertStringIncludes(load({ ...key, LLM_API_URL: "http://m.example/x" }).warnings.join(), "unencrypted");
  assertEquals(load({ ...key, ...LOCAL }).warnings, []);
});
