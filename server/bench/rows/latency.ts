import type { Bench, Row } from "../bench.ts";
import { callTimes } from "../calls.ts";
import type { SideName } from "../sides/side.ts";
import { median } from "../stats.ts";
import { type Line, missing, ms } from "../table.ts";

const WHAT = "added latency of a non-streaming call, median";
const TARGET = "≤ 0.4 ms";

/** One call at a time, the sides in turn, so that all of them see the same machine. */
export const latency: Row = { name: "latency", run };

async function run(bench: Bench): Promise<Line[]> {
  const sides = await bench.present(["direct", "bare", "nginx", "portkey", "gate"]);
  const added = new Map<SideName, number[]>();
  const rounds = bench.quick ? 3 : 7;
  for (let round = 0; round < rounds; round++) {
    const times = await callTimes(sides, bench.quick ? 300 : 700);
    const direct = median(times.get("direct") ?? []);
    for (const [name, values] of times) added.set(name, [...(added.get(name) ?? []), median(values) - direct]);
    added.set("direct", [...(added.get("direct") ?? []).slice(0, -1), direct]);
  }
  const background = [...added].map(([name, values]) =>
    name === "direct" ? `direct takes ${ms(median(values))}` : `${name} adds ${ms(median(values))}`
  ).join(", ");
  const gate = added.get("gate");
  if (gate === undefined) return [missing(WHAT, TARGET, `${await bench.absence("gate")}; ${background}`)];
  return [{ what: WHAT, target: TARGET, measured: ms(median(gate)), ok: median(gate) <= 0.4, background }];
}
