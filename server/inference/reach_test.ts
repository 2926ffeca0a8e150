import { assertEquals } from "@std/assert";
import { FakeClock } from "../effects/fake_clock.ts";
import { type Logger, silentLogger } from "../telemetry/mod.ts";
import { COMPLETION, json, startGate } from "../testing/mod.ts";

Deno.test("a call that reached nobody is made once more, and no client notices", async () => {
  const { port } = freeAddress();
  const clock = new FakeClock();
  const failed = Promise.withResolvers<void>();
  // The model list, which is asked for at the start, and the call.
  let failures = 0;
  const log: Logger = {
    ...silentLogger,
    with: () => log,
    debug: (message) => message === "A way out failed" && ++failures === 2 && failed.resolve(),
  };
  await using gate = await startGate(`http://127.0.0.1:${port}/v1/chat/completions`, { clock, log });
  const asked = gate.chat("{}");
  await failed.promise;
  let calls = 0;
  const server = Deno.serve({ hostname: "127.0.0.1", port, onListen: () => {} }, ({ url }) => {
    if (url.endsWith("/chat/completions")) calls++;
    return json(COMPLETION);
  });
  await clock.advance(1000);
  const answer = await asked;
  assertEquals([answer.status, await answer.text(), calls], [200, COMPLETION, 1]);
  await server.shutdown();
});

function freeAddress(): Deno.NetAddr {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr;
}
