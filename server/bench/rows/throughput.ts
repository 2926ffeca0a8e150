import type { Bench, Row } from "../bench.ts";
import { interleave, medianOf, rateRatio } from "../rounds.ts";
import type { Side } from "../sides/side.ts";
import { type Line, missing, perSecond, ratio } from "../table.ts";
import { Connection } from "../wire/connection.ts";
import { chatRequest } from "../wire/request.ts";

const CLIENTS = 4;
const LEAST = 0.75;
const WHAT = `stream throughput, ${CLIENTS} clients, 200-byte chunks: gate ÷ bare`;
const TARGET = `≥ ${LEAST} × (first 0.6 ×)`;

/** Streams without pause; the upstream writes several chunks at once, so that it is never what is waited for. */
export const throughput: Row = { name: "throughput", run };

async function run(bench: Bench): Promise<Line[]> {
  const sides = await bench.present(["direct", "bare", "gate", "nginx"]);
  const chunks = bench.quick ? 16_000 : 48_000;
  const rounds = await interleave(sides, bench.quick ? 3 : 9, (side) => chunksDone(side, chunks));
  const background = [...sides.keys()].map((name) => {
    const processor = name === "direct" ? "" : ` (${medianOf(rounds, name, "processor").toFixed(1)} µs processor each)`;
    return `${name} ${perSecond(medianOf(rounds, name, "rate"))} chunks${processor}`;
  }).join(", ");
  const value = rateRatio(rounds, "gate", "bare");
  if (value === null) return [missing(WHAT, TARGET, `${await bench.absence("gate")}; ${background}`)];
  return [{ what: WHAT, target: TARGET, measured: ratio(value), ok: value >= LEAST, background }];
}

async function chunksDone(side: Side, chunks: number): Promise<number> {
  const request = chatRequest(side.url, { chunks, pace: 0 }, side.headers);
  await Promise.all(Array.from({ length: CLIENTS }, async () => {
    const connection = await Connection.open(side.url);
    let bytes = 0;
    const status = await connection.exchange(request, (piece) => bytes += piece.length);
    connection.close();
    if (status !== 200 || bytes < chunks * 150) throw new Error(`A stream was answered ${status} with ${bytes} bytes`);
  }));
  return CLIENTS * chunks;
}
