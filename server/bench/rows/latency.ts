import type { Bench, Row } from "../bench.ts";
import type { SideName } from "../sides/side.ts";
import { median } from "../stats.ts";
import { type Line, missing, ms } from "../table.ts";
import { Connection } from "../wire/connection.ts";
import { chatRequest } from "../wire/request.ts";

const WHAT = "added latency of a non-streaming call, median";
const TARGET = "≤ 0.4 ms";

/** One call at a time, the sides in turn, so that all of them see the same machine. */
export const latency: Row = { name: "latency", run };

async function run(bench: Bench): Promise<Line[]> {
  const sides = await bench.present(["direct", "bare", "nginx", "portkey", "gate"]);
  const added = new Map<SideName, number[]>();
  const rounds = bench.quick ? 3 : 7;
  for (let round = 0; round < rounds; round++) {
    const medians = await oneRound(sides, bench.quick ? 300 : 700);
    const direct = medians.get("direct") ?? NaN;
    for (const [name, value] of medians) added.set(name, [...(added.get(name) ?? []), value - direct]);
    added.set("direct", [...(added.get("direct") ?? []).slice(0, -1), direct]);
  }
  const background = [...added].map(([name, values]) =>
    name === "direct" ? `direct takes ${ms(median(values))}` : `${name} adds ${ms(median(values))}`
  ).join(", ");
  const gate = added.get("gate");
  if (gate === undefined) return [missing(WHAT, TARGET, `${await bench.absence("gate")}; ${background}`)];
  return [{ what: WHAT, target: TARGET, measured: ms(median(gate)), ok: median(gate) <= 0.4, background }];
}

async function oneRound(
  sides: ReadonlyMap<SideName, { readonly url: string; readonly headers: Readonly<Record<string, string>> }>,
  calls: number,
): Promise<Map<SideName, number>> {
  const lanes = await Promise.all([...sides].map(async ([name, side]) => ({
    name,
    connection: await Connection.open(side.url),
    request: chatRequest(side.url, { chunks: 0, pace: 0 }, side.headers),
    times: new Array<number>(),
  })));
  for (let call = 0; call < calls; call++) {
    for (const { connection, request, times } of lanes) {
      const begin = performance.now();
      await connection.exchange(request);
      times.push(performance.now() - begin);
    }
  }
  for (const lane of lanes) lane.connection.close();
  return new Map(lanes.map(({ name, times }) => [name, median(times)]));
}
