import { assert, assertEquals } from "@std/assert";
import { Canaries } from "./canary.ts";
import { clientHeaders, oauthEnvironment, see } from "./canary_gate.ts";
import { Gate, Home } from "./gate.ts";
import { Hostile, MODEL_PROMPTS } from "./hostile.ts";
import { eventually } from "./wait.ts";

/** Deno names the whole URL of every request that comes in (`url.full`, `url.query`); a program cannot change that. */
const SHOWN_BY_DENO: ReadonlySet<string> = new Set(["the client's query"]);

Deno.test("no secret shows in traces, metrics and logs that Deno's OpenTelemetry exports", async () => {
  const canaries = new Canaries();
  let exported = "";
  await using collector = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, async (request) => {
    exported += `${new URL(request.url).pathname} ${new TextDecoder("latin1").decode(await request.bytes())}\n`;
    return Response.json({});
  });
  await using hostile = new Hostile(canaries);
  await using home = await Home.make();
  const env = {
    ...oauthEnvironment(canaries, hostile, home, "none"),
    OTEL_DENO: "true",
    OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${collector.addr.port}`,
    OTEL_EXPORTER_OTLP_PROTOCOL: "http/json",
    OTEL_BSP_SCHEDULE_DELAY: "100",
  };
  await using gate = await Gate.start({ env, home });
  const url = `${gate.url}/v1/models?key=${canaries.make("the client's query")}`;
  await see(await fetch(url, { headers: clientHeaders(canaries) }));
  for (const prompt of MODEL_PROMPTS) await see(await gate.chat(prompt, { headers: clientHeaders(canaries) }));
  await eventually(() => Promise.resolve(exported.includes("/v1/traces") || undefined), "traces");
  await gate.stop();
  assert(/"spans"/.test(exported), exported.slice(0, 1_000));
  assertEquals(canaries.findIn(exported).filter((kind) => !SHOWN_BY_DENO.has(kind)), []);
});
