import type { Bench, Row } from "../bench.ts";
import { interleave, medianOf, rateRatio } from "../rounds.ts";
import { callsDone } from "../calls.ts";
import type { Side } from "../sides/side.ts";
import { startStoredGate } from "../sides/stored_gate.ts";
import { median } from "../stats.ts";
import { type Line, ms, perSecond, ratio } from "../table.ts";
import { Talk, turnsDone } from "../talk.ts";
import { Connection } from "../wire/connection.ts";
import { chatRequest } from "../wire/request.ts";

/** What the upstream answers a turn with, always streamed. */
const CHUNKS = 16;
const CONNECTIONS = 16;

/** What a stored turn costs over the same call on `/v1/chat/completions`, both with an API key on one gate. */
export const turn: Row = { name: "turn", run };

async function run(bench: Bench): Promise<Line[]> {
  const { side } = await startStoredGate(bench.context);
  try {
    await turnsDone(side, { connections: CONNECTIONS, chunks: CHUNKS, milliseconds: bench.quick ? 500 : 1_500 });
    return [await added(bench, side), await rate(bench, side)];
  } finally {
    await side.child.stop();
  }
}

async function added({ quick }: Bench, side: Side): Promise<Line> {
  const connection = await Connection.open(side.url);
  const talk = await Talk.open(side, CHUNKS);
  const call = chatRequest(side.url, { chunks: 0, pace: 0 }, side.headers);
  const stream = chatRequest(side.url, { chunks: CHUNKS, pace: 0 }, side.headers);
  const medians: { turn: number; call: number; stream: number }[] = [];
  const calls = quick ? 100 : 200;
  const rounds = quick ? 3 : 7;
  for (let round = 0; round < rounds; round++) {
    const times = { turn: new Array<number>(), call: new Array<number>(), stream: new Array<number>() };
    for (let index = 0; index < calls; index++) {
      times.call.push(await timeOf(() => connection.exchange(call)));
      times.stream.push(await timeOf(() => connection.exchange(stream)));
      times.turn.push(await timeOf(() => talk.turn()));
    }
    medians.push({ turn: median(times.turn), call: median(times.call), stream: median(times.stream) });
  }
  connection.close();
  talk.close();
  // Imported only here, so that a fault in it costs this row and no other.
  const { countTurnStoreCalls } = await import("../micro/turn_store.ts");
  const { gets, lists, commits } = await countTurnStoreCalls();
  const over = (other: "call" | "stream") => median(medians.map((each) => each.turn - each[other]));
  return {
    what: "added latency of a turn (POST /conversation, not streamed) over the same call on /v1, median",
    target: "–",
    measured: ms(over("call")),
    ok: null,
    background: `a turn takes ${ms(median(medians.map((each) => each.turn)))}, ${
      ms(over("stream"))
    } more than a streamed call on /v1 that the upstream answers alike; ${gets} gets, ${lists} lists and ${commits} commits per turn`,
  };
}

async function rate({ quick }: Bench, side: Side): Promise<Line> {
  const milliseconds = quick ? 400 : 1_000;
  const sides = new Map([["call", { ...side }], ["turn", { ...side }]] as const);
  const rounds = await interleave(
    sides,
    quick ? 4 : 9,
    (each) =>
      each === sides.get("turn")
        ? turnsDone(side, { connections: CONNECTIONS, chunks: CHUNKS, milliseconds })
        : callsDone(side, CONNECTIONS, milliseconds),
  );
  const background = (["turn", "call"] as const).map((name) =>
    `${name} ${perSecond(medianOf(rounds, name, "rate"))} (${
      medianOf(rounds, name, "processor").toFixed(0)
    } µs processor each)`
  ).join(", ");
  return {
    what: `turns/s ÷ calls/s on /v1, not streamed, ${CONNECTIONS} connections, a session each`,
    target: "–",
    measured: ratio(rateRatio(rounds, "turn", "call") ?? NaN),
    ok: null,
    background,
  };
}

async function timeOf(work: () => Promise<unknown>): Promise<number> {
  const begin = performance.now();
  await work();
  return performance.now() - begin;
}
