import type { Bench, Row } from "../bench.ts";
import type { Side, SideName } from "../sides/side.ts";
import { median, percentile } from "../stats.ts";
import { type Line, missing, ms } from "../table.ts";
import { Connection } from "../wire/connection.ts";
import { chatRequest } from "../wire/request.ts";

const OPEN_STREAMS = 100;
const LANE_WIDTH = 16;
const WHAT = `added time to first token at ${OPEN_STREAMS} open streams, median / p99`;
const TARGET = "≤ 0.5 / 5 ms";

interface Added {
  readonly median: number;
  readonly p99: number;
}

/** While streams run through a side, short streams are opened through it and directly, in turn. */
export const firstToken: Row = { name: "first-token", run };

async function run(bench: Bench): Promise<Line[]> {
  const sides = await bench.present(["bare", "nginx", "gate"]);
  const direct = (await bench.present(["direct"])).get("direct");
  if (direct === undefined) throw new Error("The upstream itself is always there");
  const added = new Map<SideName, Added[]>();
  for (let round = 0; round < (bench.quick ? 3 : 5); round++) {
    for (const [name, side] of sides) {
      added.set(name, [...(added.get(name) ?? []), await oneRound(direct, side, bench.quick ? 100 : 300)]);
    }
  }
  const figures = [...added].map(([name, rounds]) => ({
    name,
    median: median(rounds.map((round) => round.median)),
    p99: median(rounds.map((round) => round.p99)),
  }));
  const background = figures.map(({ name, median, p99 }) => `${name} adds ${median.toFixed(2)} / ${ms(p99)}`).join(
    ", ",
  );
  const gate = figures.find(({ name }) => name === "gate");
  if (gate === undefined) return [missing(WHAT, TARGET, `${await bench.absence("gate")}; ${background}`)];
  const measured = `${gate.median.toFixed(2)} / ${ms(gate.p99)}`;
  return [{ what: WHAT, target: TARGET, measured, ok: gate.median <= 0.5 && gate.p99 <= 5, background }];
}

async function oneRound(direct: Side, side: Side, probes: number): Promise<Added> {
  const streams = await Promise.all(Array.from({ length: OPEN_STREAMS }, () => Connection.open(side.url, 8192)));
  // Far more chunks than are needed: the streams are cut when the probes are done.
  const request = chatRequest(side.url, { chunks: 100_000, pace: 50 }, side.headers);
  const running = streams.map((stream) => stream.exchange(request).catch(() => 0));
  await new Promise((resolve) => setTimeout(resolve, 300));
  const lanes = await Promise.all([direct, side].map(openLane));
  for (let probe = 0; probe < probes; probe++) {
    for (const lane of lanes) lane.times.push(await timeToFirstToken(lane, probe % LANE_WIDTH));
  }
  for (const lane of lanes) {
    await Promise.all(lane.rests);
    for (const connection of lane.connections) connection.close();
  }
  for (const stream of streams) stream.close();
  await Promise.all(running);
  const [without = [], through = []] = lanes.map(({ times }) => times);
  return {
    median: median(through) - median(without),
    p99: percentile(through, 0.99) - percentile(without, 0.99),
  };
}

/** Connections that take turns: the rest of one stream is awaited only when its connection is used again. */
interface Lane {
  readonly connections: readonly Connection[];
  readonly rests: Promise<unknown>[];
  readonly request: Uint8Array;
  readonly times: number[];
}

async function openLane({ url, headers }: Side): Promise<Lane> {
  const connections = await Promise.all(Array.from({ length: LANE_WIDTH }, () => Connection.open(url)));
  return { connections, rests: [], request: chatRequest(url, { chunks: 16, pace: 0 }, headers), times: [] };
}

async function timeToFirstToken({ connections, rests, request }: Lane, index: number): Promise<number> {
  await rests[index];
  const begin = performance.now();
  return await new Promise((resolve, reject) => {
    const rest = connections[index]?.exchange(request, () => resolve(performance.now() - begin));
    rests[index] = rest?.catch(reject) ?? Promise.resolve();
  });
}
