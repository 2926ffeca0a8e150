import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { Gate, Home } from "./gate.ts";
import { counts } from "./options.ts";
import { readStream } from "./sse.ts";
import { textOf } from "./upstream_answer.ts";
import { Upstream } from "./upstream.ts";
import { eventually } from "./wait.ts";

Deno.test("the demo works though every proxy variable names a dead port", async () => {
  await using home = await Home.make();
  const dead = `http://127.0.0.1:${deadPort()}`;
  const names = ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"];
  const env = Object.fromEntries(names.flatMap((name) => [[name, dead], [name.toLowerCase(), dead]]));
  await using gate = await Gate.start({ env, home });

  const models = await (await fetch(`${gate.url}/v1/models`)).json();
  assertEquals(models.data.length > 0, true, JSON.stringify(models));
  const plain = await gate.chat("Say something.", { body: { model: "default" } });
  assertEquals(plain.headers.get("x-gatehouse-demo"), "1");
  assert((await plain.json()).choices[0].message.content.length > 0);
  const stream = await readStream(await gate.chat("Say something.", { body: { stream: true } }));
  assert(stream.done && stream.text.length > 0, stream.raw);
  const health = await gate.health();
  assertEquals({ demo: health.demo, status: health.status }, { demo: true, status: "ok" });
  await gate.stop();
});

Deno.test("SIGTERM lets open streams finish, refuses new work, and exits 0", async () => {
  await using upstream = await Upstream.start("everybody");
  await using home = await Home.make();
  await using gate = await Gate.start({ env: upstream.environment(), home });
  const streams = Array.from({ length: counts.drainStreams }, async () => {
    return await readStream(await gate.chat("slow-40-100", { body: { stream: true } }));
  });
  await allStreaming(upstream, counts.drainStreams);

  gate.child.signal("SIGTERM");
  const refused = await eventually(async () => {
    const response = await gate.chat("fast");
    if (response.status === 503) return response;
    await response.body?.cancel();
    return undefined;
  }, "the refusal of new work");
  assertEquals((await refused.json()).error.code, "draining");
  assert(Number(refused.headers.get("retry-after")) > 0, "Retry-After is named");
  const ready = await fetch(`${gate.url}/health/ready`);
  await ready.body?.cancel();
  assertEquals(ready.status, 503);

  for (const result of await Promise.all(streams)) {
    assert(result.done, `a stream was cut: ${result.raw.slice(-300)}`);
    assertEquals(result.text, textOf(40));
  }
  const { code } = await gate.child.exit();
  assertEquals(code, 0, gate.output);
});

Deno.test("SIGTERM ends streams that outlast DRAIN_TIMEOUT with an in-band notice", async () => {
  await using upstream = await Upstream.start("everybody");
  await using home = await Home.make();
  await using gate = await Gate.start({ env: { ...upstream.environment(), DRAIN_TIMEOUT: "1" }, home });
  const streams = ["endless", "idle"].map(async (prompt) => {
    return await readStream(await gate.chat(prompt, { body: { stream: true } }));
  });
  await allStreaming(upstream, streams.length);
  await gate.stop();
  for (const result of await Promise.all(streams)) {
    assertEquals(result.errorCode, "draining", result.raw.slice(-300));
    assertStringIncludes(result.raw, '"role":"assistant"');
    assertEquals(result.done, false);
  }
});

async function allStreaming(upstream: Upstream, count: number): Promise<void> {
  await eventually(async () => {
    const requests = await upstream.requests();
    return requests.filter(({ state }) => state === "streaming").length === count ? true : undefined;
  }, "all streams to begin");
}

/** A port that nobody listens on. */
function deadPort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}
