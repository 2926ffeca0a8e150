import type { Bench, Row } from "../bench.ts";
import { callsDone, callTimes } from "../calls.ts";
import { interleave, medianOf, rateRatio } from "../rounds.ts";
import { openAccesses } from "../sides/accesses.ts";
import type { Side } from "../sides/side.ts";
import { median, percentile } from "../stats.ts";
import { type Line, missing, ms, perSecond, ratio } from "../table.ts";

const NAMES = ["key", "limited"] as const;
const MOST_MS = 1;
const ADDED = "added latency of a call with a limited key over one without limits, median";
const TARGET = `≤ ${MOST_MS} ms`;

type Accesses = ReadonlyMap<typeof NAMES[number], Side>;

/** What limits cost that are never reached: requests and tokens per minute and a budget, all on one key. */
export const limits: Row = { name: "limits", run };

async function run(bench: Bench): Promise<Line[]> {
  const gate = await bench.fresh("gate");
  if ("absent" in gate) return [missing(ADDED, TARGET, `gate: ${gate.absent}`)];
  try {
    const accesses = await openAccesses(gate, NAMES);
    return [await added(bench, accesses), await rate(bench, accesses, 16), await rate(bench, accesses, 64)];
  } finally {
    await gate.child.stop();
  }
}

async function added({ quick }: Bench, accesses: Accesses): Promise<Line> {
  const medians: number[] = [];
  const p99s: number[] = [];
  const withouts: number[] = [];
  for (let round = 0; round < (quick ? 3 : 7); round++) {
    const times = await callTimes(accesses, quick ? 200 : 500);
    const [without = [], limited = []] = NAMES.map((name) => times.get(name));
    medians.push(median(limited) - median(without));
    withouts.push(median(without));
    p99s.push(percentile(limited, 0.99) - percentile(without, 0.99));
  }
  const value = median(medians);
  return {
    what: ADDED,
    target: TARGET,
    measured: ms(value),
    ok: value <= MOST_MS,
    background: `one without limits takes ${ms(median(withouts))}; p99 grows by ${ms(median(p99s))}`,
  };
}

async function rate({ quick }: Bench, accesses: Accesses, connections: number): Promise<Line> {
  const milliseconds = quick ? 300 : 500;
  const rounds = await interleave(accesses, quick ? 4 : 9, (side) => callsDone(side, connections, milliseconds));
  const background = NAMES.map((name) =>
    `${name} ${perSecond(medianOf(rounds, name, "rate"))} (${
      medianOf(rounds, name, "processor").toFixed(0)
    } µs processor each)`
  ).join(", ");
  return {
    what: `requests/s of one limited key ÷ of one without limits, ${connections} connections`,
    target: "–",
    measured: ratio(rateRatio(rounds, "limited", "key") ?? NaN),
    ok: null,
    background,
  };
}
