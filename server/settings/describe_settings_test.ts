import { assertEquals } from "@std/assert";
import { describeSettings } from "./describe_settings.ts";
import { OAUTH_MODEL, settingsOf } from "./settings_fixture.ts";

Deno.test("describeSettings() shows every setting, and no secret", () => {
  const settings = settingsOf({
    ...OAUTH_MODEL,
    LLM_API_URL: "https://models.example/v1/chat/completions?key=canary",
    LLM_EXTRA_HEADERS: "X-A: canary",
    OAUTH_EXTRA_PARAMS: "audience=canary",
    OAUTH_CLIENT_SECRET: "canary",
    OAUTH_REFRESH_TOKEN: "canary",
    HTTP_PROXY_URL: "http://u:canary@proxy:1",
    ADMIN_USERNAME: "ann",
    ADMIN_PASSWORD: "canary",
    NO_PROXY: "a,b",
  });
  const shown = new Map(describeSettings(settings));
  assertEquals([...shown.values()].filter((text) => text.includes("canary")), []);
  assertEquals(shown.get("server.port"), "8000");
  assertEquals(shown.get("network.noProxy"), "a, b");
  assertEquals(shown.get("upstreams.0.chatUrl"), "https://models.example/v1/chat/completions?…");
  assertEquals(shown.get("upstreams.0.extraHeaders"), "x-a");
  assertEquals(shown.get("upstreams.0.credential.extraParams"), "audience");
  assertEquals(shown.get("server.logFile"), "-");
});
