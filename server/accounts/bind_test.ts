import { assertEquals } from "@std/assert";
import { MockUpstream, startGate } from "../testing/mod.ts";

Deno.test("a server on another loopback address answers to that address", async () => {
  await using upstream = new MockUpstream();
  await using gate = await startGate(upstream, { env: { HOST: "127.0.0.2" } });
  assertEquals(gate.app.url.hostname, "127.0.0.2");
  const answer = await gate.fetch("/health");
  await answer.body?.cancel();
  assertEquals(answer.status, 200);
});
