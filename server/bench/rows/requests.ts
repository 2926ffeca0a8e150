import type { Bench, Row } from "../bench.ts";
import { callsDone } from "../calls.ts";
import { interleave, medianOf, rateRatio, type Rounds } from "../rounds.ts";
import type { SideName } from "../sides/side.ts";
import { type Line, missing, perSecond, ratio } from "../table.ts";

const CONNECTIONS = 16;

/** Non-streaming calls as fast as they go; `direct` shows where loader and upstream themselves end. */
export const requests: Row = { name: "requests", run };

async function run(bench: Bench): Promise<Line[]> {
  const sides = await bench.present(["direct", "bare", "gate", "nginx", "portkey"]);
  const milliseconds = bench.quick ? 400 : 1000;
  const rounds = await interleave(sides, bench.quick ? 4 : 7, (side) => callsDone(side, CONNECTIONS, milliseconds));
  const what = `requests/s, one process, ${CONNECTIONS} connections:`;
  return [
    await line(bench, rounds, { what: `${what} gate ÷ bare`, over: "gate", under: "bare", least: 0.8 }),
    await line(bench, rounds, { what: `${what} gate ÷ portkey`, over: "gate", under: "portkey", least: 6 }),
    await line(bench, rounds, { what: `${what} bare ÷ nginx`, over: "bare", under: "nginx", least: null }),
  ];
}

async function line(
  bench: Bench,
  rounds: Rounds<SideName>,
  row: { readonly what: string; readonly over: SideName; readonly under: SideName; readonly least: number | null },
): Promise<Line> {
  const target = row.least === null ? "0.35 × (for scale)" : `≥ ${row.least} ×`;
  const background = ([row.over, row.under, "direct"] as const).filter((name) => rounds.has(name)).map((name) => {
    const processor = name === "direct" ? "" : ` (${medianOf(rounds, name, "processor").toFixed(0)} µs processor each)`;
    return `${name} ${perSecond(medianOf(rounds, name, "rate"))}${processor}`;
  }).join(", ");
  const value = rateRatio(rounds, row.over, row.under);
  if (value === null) {
    const reasons = [await bench.absence(row.over), await bench.absence(row.under)];
    return missing(row.what, target, [...reasons.filter((reason) => reason !== null), background].join("; "));
  }
  return {
    what: row.what,
    target,
    measured: ratio(value),
    ok: row.least === null ? null : value >= row.least,
    background,
  };
}
