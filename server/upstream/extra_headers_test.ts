import { assertEquals } from "@std/assert";
import { MockUpstream, startGate } from "../testing/mod.ts";

Deno.test("a key in LLM_EXTRA_HEADERS is taken out of an error body, a short value is not", async () => {
  await using upstream = new MockUpstream();
  const env = { LLM_EXTRA_HEADERS: "api-key: 0123456789abcdef-extra; x-version: 2024" };
  await using gate = await startGate(upstream, { env });
  upstream.answer = () =>
    Response.json({ error: { message: "0123456789abcdef-extra is no key for 2024" } }, { status: 403 });
  const answer = await gate.chat("{}");
  assertEquals(answer.status, 403);
  assertEquals((await answer.json()).error.message, "[redacted] is no key for 2024");
});
