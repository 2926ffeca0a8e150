import type { Bench, Row } from "../bench.ts";
import { residentBytes } from "../machine.ts";
import type { Side, SideName } from "../sides/side.ts";
import { median, percentile } from "../stats.ts";
import { type Line, missing, ratio } from "../table.ts";
import { Connection } from "../wire/connection.ts";
import { chatRequest } from "../wire/request.ts";

const STREAMS = 1000;
/** 20 chunks per second. */
const PACE = 50;
const RAMP = 1000;
const LATE_TARGET = "p99 ≤ 50 ms";
const MEMORY_TARGET = "≤ 1.5 ×";
const LATE = `${STREAMS} streams at 20 chunks/s: how late a chunk is`;
const MEMORY = `${STREAMS} streams: memory per open stream, gate ÷ bare`;
const MARK = "@".charCodeAt(0);
const ZERO = "0".charCodeAt(0);

interface Run {
  /** Milliseconds from the upstream's write to the client's read, p99 over all chunks. */
  readonly late: number;
  /** The same, of the stream that fared worst. */
  readonly worst: number;
  /** Bytes; NaN where the system does not tell. */
  readonly perStream: number;
}

/** Each side gets a new process, so that memory is compared from the same beginning. */
export const manyStreams: Row = { name: "many-streams", run };

async function run(bench: Bench): Promise<Line[]> {
  const runs = new Map<SideName, Run[]>();
  const absent = new Map<SideName, string>();
  for (let round = 0; round < (bench.quick ? 1 : 3); round++) {
    for (const name of ["direct", "bare", "gate"] as const) {
      if (absent.has(name) || (name === "direct" && round > 0)) continue;
      const side = await bench.fresh(name);
      if ("absent" in side) {
        absent.set(name, side.absent);
        continue;
      }
      try {
        runs.set(name, [...(runs.get(name) ?? []), await oneRun(side, bench.quick ? 2000 : 3000)]);
      } finally {
        if (name !== "direct") await side.child.stop();
      }
    }
  }
  const of = (name: SideName, figure: keyof Run) => median((runs.get(name) ?? []).map((run) => run[figure]));
  const names = [...runs.keys()];
  const late = names.map((name) =>
    `${name} p99 ${of(name, "late").toFixed(0)} ms, worst stream ${of(name, "worst").toFixed(0)} ms`
  ).join("; ");
  const kilobytes = names.filter((name) => name !== "direct")
    .map((name) => `${name} ${(of(name, "perStream") / 1024).toFixed(1)} KiB`).join(", ");
  if (!runs.has("gate")) {
    const reason = `gate: ${absent.get("gate")}`;
    return [
      missing(LATE, LATE_TARGET, `${reason}; ${late}`),
      missing(MEMORY, MEMORY_TARGET, `${reason}; ${kilobytes}`),
    ];
  }
  const p99 = of("gate", "late");
  const more = of("gate", "perStream") / of("bare", "perStream");
  return [
    { what: LATE, target: LATE_TARGET, measured: `p99 ${p99.toFixed(0)} ms`, ok: p99 <= 50, background: late },
    Number.isNaN(more)
      ? missing(MEMORY, MEMORY_TARGET, "this system has no /proc")
      : { what: MEMORY, target: MEMORY_TARGET, measured: ratio(more), ok: more <= 1.5, background: kilobytes },
  ];
}

/** Opens the streams within a second and reads them for `length` milliseconds more. */
async function oneRun(side: Side, length: number): Promise<Run> {
  const before = await residentBytes(side.child.pid) ?? NaN;
  const begin = Date.now();
  const request = chatRequest(side.url, { chunks: (RAMP + length) / PACE, pace: PACE }, side.headers);
  const streams = Promise.all(Array.from({ length: STREAMS }, async (_, index) => {
    await new Promise((resolve) => setTimeout(resolve, index * RAMP / STREAMS));
    const connection = await Connection.open(side.url, 4096);
    const late: number[] = [];
    const status = await connection.exchange(request, (bytes) => readStamps(bytes, begin + RAMP, late));
    connection.close();
    if (status !== 200) throw new Error(`A stream was answered ${status}`);
    return late;
  }));
  let peak = 0;
  const sample = setInterval(async () => peak = Math.max(peak, await residentBytes(side.child.pid) ?? NaN), 250);
  const late = await streams.finally(() => clearInterval(sample));
  return {
    late: percentile(late.flat(), 0.99),
    worst: Math.max(...late.map((stream) => percentile(stream, 0.99))),
    perStream: (peak - before) / STREAMS,
  };
}

/** The stamp is `@` and 13 digits; one that is cut by a read's border is left out. */
function readStamps(bytes: Uint8Array, from: number, late: number[]): void {
  const now = Date.now();
  if (now < from) return;
  for (let at = bytes.indexOf(MARK); at >= 0 && at + 13 < bytes.length; at = bytes.indexOf(MARK, at + 14)) {
    let stamp = 0;
    for (let digit = at + 1; digit <= at + 13; digit++) stamp = stamp * 10 + (bytes[digit] ?? ZERO) - ZERO;
    late.push(now - stamp);
  }
}
