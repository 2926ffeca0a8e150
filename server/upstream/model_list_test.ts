import { assertEquals } from "@std/assert";
import { FakeClock } from "../effects/fake_clock.ts";
import { GatehouseError } from "../errors/mod.ts";
import { createWatchdog } from "../network/mod.ts";
import { settingsIn } from "../testing/mod.ts";
import { silentLogger } from "../telemetry/mod.ts";
import { createModels } from "./model_list.ts";
import { createSlots } from "./slots.ts";
import type { Upstream, UpstreamAnswer } from "./upstream.ts";

/** How often the list is asked for within two minutes of clients that want it every ten seconds. */
async function asked(answer: () => Promise<UpstreamAnswer>): Promise<number> {
  const clock = new FakeClock();
  const watchdog = createWatchdog(clock);
  const [settings] = settingsIn("/nowhere", { LLM_BASE_URL: "http://127.0.0.1:1/v1", LLM_MODEL_NAME: "m1" }).upstreams;
  if (settings === undefined) throw new Error("no upstream is configured");
  let count = 0;
  const upstream: Pick<Upstream, "name" | "settings" | "slots" | "send"> = {
    name: "default",
    settings,
    slots: createSlots(0),
    send() {
      count++;
      return answer();
    },
  };
  // The list takes no token itself.
  const models = createModels({ upstream: upstream as Upstream, clock, watchdog, log: silentLogger });
  for (let i = 0; i < 12; i++) {
    assertEquals((await models.list(new AbortController().signal)).models.map(({ id }) => id), ["m1"]);
    await clock.advance(10_000);
  }
  await models.close();
  watchdog.close();
  return count;
}

Deno.test("a list that the credential may not read is seldom asked for: each try costs a refresh", async () => {
  const refusal = new GatehouseError("upstream_unauthorized", "Cannot call the model: refused");
  assertEquals(await asked(() => Promise.reject(refusal)), 1);
  const passing = new GatehouseError("upstream_unreachable", "Cannot reach the upstream");
  assertEquals(await asked(() => Promise.reject(passing)), 12);
});
