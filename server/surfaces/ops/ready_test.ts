import { assertEquals } from "@std/assert";
import { FakeClock } from "../../effects/fake_clock.ts";
import { LOCAL_USER } from "../../accounts/mod.ts";
import { createRoutes, type Exchange } from "../../http/mod.ts";
import { createMetrics, silentLogger } from "../../telemetry/mod.ts";
import { opsRoutes } from "./routes.ts";

Deno.test("GET /health/ready is 503 only when the server drains or the store does not answer", async () => {
  const cases = [
    [false, true, 200, null],
    [true, true, 503, "draining"],
    [false, false, 503, "storage_unavailable"],
    [true, false, 503, "draining"],
  ] as const;
  for (const [draining, stored, status, reason] of cases) {
    const clock = new FakeClock();
    const routes = createRoutes([opsRoutes({
      version: "1.0.0",
      demo: false,
      upstream: () => {
        throw new Error("readiness does not look at the upstream");
      },
      metrics: createMetrics({ clock, version: "1.0.0", upstreams: [], routes: [] }),
      uptime: () => 0,
      draining: () => draining,
      storeAnswers: () => Promise.resolve(stored),
    })]);
    const answer = await routes.fetch(new Request("http://127.0.0.1/health/ready"), exchange());
    const body = await answer.json();
    assertEquals([answer.status, body.reason ?? null], [status, reason]);
    assertEquals(answer.headers.has("retry-after"), status === 503);
  }
});

function exchange(): Exchange {
  const signal = new AbortController().signal;
  return {
    id: "1",
    headers: [],
    who: LOCAL_USER,
    address: "127.0.0.1",
    signal,
    log: silentLogger,
    startedAt: 0,
    route: null,
    told: false,
  };
}
