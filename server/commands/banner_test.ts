import { assertEquals, assertStringIncludes } from "@std/assert";
import { banner } from "./banner.ts";
import { settingsOf } from "./doctor/examination_fixture.ts";

const MODEL = { LLM_BASE_URL: "http://127.0.0.1:9/v1", LLM_MODEL_NAME: "large" };
const PLAIN = { bold: (text: string) => text, dim: (text: string) => text };

function shown(url: string, env: Record<string, string>): string {
  return banner({ url: new URL(url), demo: false }, settingsOf({ ...MODEL, ...env }), PLAIN).join("\n");
}

Deno.test("banner() says that an open server takes any key", () => {
  const text = shown("http://127.0.0.1:8000", {});
  assertStringIncludes(text, "open to programs of this machine");
  assertStringIncludes(text, "http://127.0.0.1:8000/v1\n");
  assertEquals(text.includes("authorization"), false);
});

Deno.test("banner() says that a key is required, by AUTH and off loopback", () => {
  for (const env of [{ AUTH: "required" }, { HOST: "0.0.0.0" }]) {
    const text = shown("http://127.0.0.1:8000", env);
    assertStringIncludes(text, "API key    required");
    assertStringIncludes(text, "authorization: Bearer");
    assertEquals(text.includes("open to"), false);
  }
});

Deno.test("banner() names an address that can be called", () => {
  for (const url of ["http://0.0.0.0:8000", "http://[::]:8000"]) {
    const text = shown(url, { HOST: "0.0.0.0" });
    assertStringIncludes(text, "http://127.0.0.1:8000/v1   and at every address");
    assertStringIncludes(text, "curl http://127.0.0.1:8000/v1/");
  }
  const proxied = shown("http://127.0.0.1:8000", { PUBLIC_URL: "https://llm.example/gate/" });
  assertStringIncludes(proxied, "https://llm.example/gate/v1\n");
});
