import type { Bench, Row } from "../bench.ts";
import { fillStore } from "../sides/fill_store.ts";
import type { Side } from "../sides/side.ts";
import { startStoredGate } from "../sides/stored_gate.ts";
import { median } from "../stats.ts";
import { type Line, ms, ratio } from "../table.ts";
import { type Arrivals, openArrivals } from "../wire/arrivals.ts";
import { Connection } from "../wire/connection.ts";
import { jsonAnswer } from "../wire/json_answer.ts";
import { jsonRequest } from "../wire/json_request.ts";

/** Both are more than a window of 32,768 tokens holds. */
const SIZES = [100, 10_000] as const;
/** By their names: the default model's tokenizer is not known, the other's is. */
const MODELS = ["bench-model", "gpt-4o"] as const;

type Size = 0 | typeof SIZES[number];
type Model = typeof MODELS[number];

/** A turn that is begun again and again. */
interface Lane {
  readonly size: Size;
  readonly model: Model;
  readonly request: Uint8Array;
  /** Median milliseconds to the first byte at the upstream, by round. */
  readonly medians: number[];
  /** Of the last request at the upstream. */
  bytes: number;
}

/**
 * How long it takes from a client's first byte to the upstream's: the window is chosen and the user's message stored in
 * between. Conversations of no messages show what else is in it.
 */
export const window: Row = { name: "window", run };

async function run(bench: Bench): Promise<Line[]> {
  const arrivals = openArrivals(MODELS);
  try {
    const { side, dataDir } = await startStoredGate({ ...bench.context, upstream: arrivals.url });
    try {
      const lanes = await openLanes(side, dataDir);
      await measure(lanes, { side, arrivals, rounds: 1, calls: 10 });
      for (const { medians } of lanes) medians.length = 0;
      await measure(lanes, { side, arrivals, rounds: bench.quick ? 4 : 11, calls: bench.quick ? 5 : 10 });
      return MODELS.map((model) => line(lanes.filter((lane) => lane.model === model), model));
    } finally {
      await side.child.stop();
    }
  } finally {
    arrivals.close();
  }
}

async function openLanes({ url, headers }: Side, dataDir: string): Promise<Lane[]> {
  const filling = { userId: "local", conversations: SIZES, sessions: 0, question: 300, answer: 3_500 };
  const filled = await fillStore(dataDir, filling);
  const sessions = [
    { size: 0 as const, session: {} },
    ...SIZES.map((size, index) => ({ size, session: { session_id: filled[index]?.sessionId } })),
  ];
  return MODELS.flatMap((model) =>
    sessions.map(({ size, session }): Lane => {
      const body = { message: "And now?", model, stream: false, ...session };
      return { size, model, request: jsonRequest(url, "POST /conversation", headers, body), medians: [], bytes: NaN };
    })
  );
}

async function measure(
  lanes: readonly Lane[],
  { side, arrivals, rounds, calls }: {
    readonly side: Side;
    readonly arrivals: Arrivals;
    readonly rounds: number;
    readonly calls: number;
  },
): Promise<void> {
  const connection = await Connection.open(side.url);
  for (let round = 0; round < rounds; round++) {
    const times = lanes.map(() => new Array<number>());
    for (let call = 0; call < calls; call++) {
      for (const [index, lane] of lanes.entries()) {
        const begin = performance.now();
        const answer = await jsonAnswer(connection, lane.request);
        if (answer.status !== "complete") throw new Error(`A turn ended ${answer.status}`);
        if (lane.size > 0 && answer.history_from === null) throw new Error("The window was not full");
        times[index]?.push(arrivals.at - begin);
        lane.bytes = arrivals.bytes;
      }
    }
    for (const [index, lane] of lanes.entries()) lane.medians.push(median(times[index] ?? []));
  }
  connection.close();
}

function line(lanes: readonly Lane[], model: Model): Line {
  const medians = (size: Size) => lanes.find((lane) => lane.size === size)?.medians ?? [];
  const [short, long] = SIZES;
  const value = median(medians(long).map((time, round) => time / (medians(short)[round] ?? NaN)));
  const background = lanes.map(({ size, medians, bytes }) =>
    `${size} messages ${ms(median(medians))} (${(bytes / 1024).toFixed(0)} KiB sent)`
  ).join(", ");
  return {
    what: `time to the upstream's first byte with a full window, ${
      model === "gpt-4o" ? "tokenizer known" : "estimated"
    }: a conversation of ${long} messages ÷ of ${short}`,
    target: "–",
    measured: ratio(value),
    ok: null,
    background,
  };
}
