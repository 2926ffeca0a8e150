import type { Bench, Row } from "../bench.ts";
import { callsDone } from "../calls.ts";
import { interleave, medianOf, rateRatio, type Rounds } from "../rounds.ts";
import { openAccesses } from "../sides/accesses.ts";
import { type Line, missing, perSecond, ratio } from "../table.ts";

const CONNECTIONS = 16;
const NAMES = ["open", "key", "token"] as const;
const LEAST = 0.85;
const WHAT = "requests/s, one gate:";
const KEY = `${WHAT} API key ÷ open mode`;
const TOKEN = `${WHAT} user's token ÷ open mode`;
const TARGET = `≥ ${LEAST} ×`;

/** What it costs to be known: one gate, asked by nobody in particular, with an API key, and with a user's token. */
export const access: Row = { name: "access", run };

async function run(bench: Bench): Promise<Line[]> {
  const gate = await bench.fresh("gate");
  if ("absent" in gate) return [missing(KEY, TARGET, `gate: ${gate.absent}`)];
  try {
    const accesses = await openAccesses(gate, NAMES);
    // Many short rounds: neighbours of a ratio see the same machine.
    const milliseconds = bench.quick ? 300 : 500;
    const rounds = await interleave(
      accesses,
      bench.quick ? 5 : 15,
      (side) => callsDone(side, CONNECTIONS, milliseconds),
    );
    return [line(KEY, rounds, "key", LEAST), line(TOKEN, rounds, "token", null)];
  } finally {
    await gate.child.stop();
  }
}

function line(
  what: string,
  rounds: Rounds<typeof NAMES[number]>,
  name: "key" | "token",
  least: number | null,
): Line {
  const background = ([name, "open"] as const).map((one) =>
    `${one} ${perSecond(medianOf(rounds, one, "rate"))} (${
      medianOf(rounds, one, "processor").toFixed(0)
    } µs processor each)`
  ).join(", ");
  const value = rateRatio(rounds, name, "open") ?? NaN;
  return {
    what,
    target: least === null ? "–" : TARGET,
    measured: ratio(value),
    ok: least === null ? null : value >= least,
    background,
  };
}
