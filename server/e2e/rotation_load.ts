import { assert, assertEquals, assertGreater, assertLessOrEqual } from "@std/assert";
import { Gate, Home } from "./gate.ts";
import { counts } from "./options.ts";
import { report } from "./report.ts";
import { Provider } from "./provider.ts";
import { readStream } from "./sse.ts";
import { textOf } from "./upstream_answer.ts";
import { Upstream } from "./upstream.ts";

const LIFETIME_MS = 2_000;
// A refresh begins a tenth of the lifetime before the end, and up to half of that earlier by jitter.
const EARLIEST_REFRESH_MS = LIFETIME_MS * 0.85;
const WORKERS = 6;

/**
 * Serves under load from one provider that revokes on reuse, with so many gates on one folder, and holds the survival
 * targets against what happened: no reuse, no failure a client sees, no redeem more than the token's life asks for.
 */
export async function serveWhileRotating(processes: number): Promise<void> {
  await using provider = await Provider.start(LIFETIME_MS / 1000);
  await using upstream = await Upstream.start({ provider: provider.issuer });
  await using home = await Home.make();
  const { grantId, refreshToken } = await provider.seed();
  const env = { ...provider.environment(refreshToken), ...upstream.environment() };

  await using stack = new AsyncDisposableStack();
  const startedAt = performance.now();
  const gates = await Promise.all(Array.from({ length: processes }, () => Gate.start({ env, home })));
  gates.forEach((gate) => stack.use(gate));

  const seen = { calls: 0, failures: new Array<string>() };
  const until = performance.now() + counts.rotationMs;
  await Promise.all(Array.from({ length: WORKERS }, async (_, n) => {
    const gate = gates[n % gates.length];
    assert(gate !== undefined);
    while (performance.now() < until) {
      seen.calls++;
      const fault = await (seen.calls % 2 === 0 ? askStream(gate) : askPlain(gate));
      if (fault !== null) seen.failures.push(fault);
    }
  }));
  const elapsed = performance.now() - startedAt;

  const healths = await Promise.all(gates.map((gate) => gate.health()));
  await Promise.all(gates.map((gate) => gate.stop()));
  const stats = await provider.stats(grantId);
  const { unauthorized } = await upstream.totals();
  // A token that ends on its way is refused and renewed at once: such a renewal counts apart.
  const bound = Math.floor(elapsed / EARLIEST_REFRESH_MS) + 1 + unauthorized;
  report(
    `${processes} process(es), ${Math.round(elapsed / 1000)} s: ${seen.calls} calls, ${stats.redeems} redeems ` +
      `(bound ${bound}), ${stats.reuses} reuses, ${unauthorized} upstream 401s, ${seen.failures.length} failures`,
  );
  assertEquals(seen.failures, [], "failures that a client saw");
  assertEquals(stats.failures, [], "refusals of the provider");
  assertEquals(stats.reuses, 0, "reuses at the provider");
  assertLessOrEqual(stats.redeems, bound, "redeems");
  assertGreater(stats.redeems, counts.rotationMs / LIFETIME_MS / 2, "redeems: did the load live through rotations?");
  for (const health of healths) assertEquals(health.status, "ok", JSON.stringify(health));
}

async function askPlain(gate: Gate): Promise<string | null> {
  try {
    const response = await gate.chat("slow-5-20");
    const text = await response.text();
    if (response.status !== 200) return `${response.status} ${text}`;
    const content = JSON.parse(text).choices[0].message.content;
    return content === textOf(5) ? null : `wrong content: ${text}`;
  } catch (error) {
    return String(error);
  }
}

async function askStream(gate: Gate): Promise<string | null> {
  try {
    const response = await gate.chat("slow-10-20", { body: { stream: true } });
    const result = await readStream(response);
    if (response.status !== 200 || !result.done) return `${response.status} ${result.raw}`;
    return result.text === textOf(10) ? null : `wrong content: ${result.text}`;
  } catch (error) {
    return String(error);
  }
}
