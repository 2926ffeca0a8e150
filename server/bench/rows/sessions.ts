import type { Bench, Row } from "../bench.ts";
import { type Lane, type LaneTimes, laneTimes, timeOf, timeRatio } from "../lanes.ts";
import { openAccesses } from "../sides/accesses.ts";
import { fillStore } from "../sides/fill_store.ts";
import type { Side } from "../sides/side.ts";
import { startStoredGate } from "../sides/stored_gate.ts";
import { type Line, ms, ratio } from "../table.ts";
import { jsonRequest } from "../wire/json_request.ts";

const PAGE = 50;
const FEW = 100;
/** As fast, but for what two measurements of the same differ here. */
const MOST = 1.1;
/** What the lists are asked for, beside the length of a page. */
const QUERIES = {
  newest: "",
  "next page": (cursor: string) => `&cursor=${cursor}`,
  "q that all names hold": "&q=session",
  "q that no name holds": "&q=nothing",
} as const;

type Query = keyof typeof QUERIES;
const NAMES = Object.keys(QUERIES) as Query[]; // the keys of a constant object
type Name = `${Query} of ${"few" | "many"}`;

/** What a list of sessions costs a user who has many and one who has few, both on one gate and in one store. */
export const sessions: Row = { name: "sessions", run };

async function run(bench: Bench): Promise<Line[]> {
  const most = bench.quick ? 10_000 : 100_000;
  const { side, dataDir } = await startStoredGate(bench.context);
  try {
    const lanes = new Map<Name, Lane>();
    for (const [who, count] of [["few", FEW], ["many", most]] as const) {
      const user = (await openAccesses(side, ["token"])).get("token");
      if (user === undefined) throw new Error("There is no user");
      const filling = { userId: await userId(user), conversations: [], sessions: count, question: 0, answer: 0 };
      await fillStore(dataDir, filling);
      for (const [query, lane] of await lanesOf(user)) lanes.set(`${query} of ${who}`, lane);
    }
    await laneTimes(lanes, { rounds: 1, calls: bench.quick ? 20 : 50 });
    // Apart from the rest: a search looks at thousands of records, and what comes after it pays for that.
    const newest = new Map([...lanes].filter(([name]) => name.startsWith("newest")));
    const times = await laneTimes(newest, { rounds: bench.quick ? 7 : 15, calls: bench.quick ? 30 : 60 });
    const others = await laneTimes(lanes, { rounds: bench.quick ? 2 : 5, calls: 10 });
    return [line(new Map([...others, ...times]), most)];
  } finally {
    await side.child.stop();
  }
}

async function userId({ url, headers }: Side): Promise<string> {
  const me: { user_id: string } = await (await fetch(`${url}/users/me`, { headers })).json();
  return me.user_id;
}

async function lanesOf({ url, headers }: Side): Promise<Map<Query, Lane>> {
  const lanes = new Map<Query, Lane>();
  let cursor = "";
  for (const query of NAMES) {
    const wish = QUERIES[query];
    const path = `/conversation/sessions/user/me?limit=${PAGE}${typeof wish === "string" ? wish : wish(cursor)}`;
    const answer = await fetch(url + path, { headers });
    const { data, next_cursor }: { data: readonly unknown[]; next_cursor: string | null } = await answer.json();
    if (data.length !== (query === "q that no name holds" ? 0 : PAGE)) {
      throw new Error(`The list (${query}) holds ${data.length} sessions`);
    }
    cursor ||= next_cursor ?? "";
    lanes.set(query, { url, request: jsonRequest(url, `GET ${path}`, headers) });
  }
  return lanes;
}

function line(times: LaneTimes<Name>, most: number): Line {
  const value = timeRatio<Name>(times, "newest of many", "newest of few");
  const background = NAMES.map((query) =>
    `${query}: ${ms(timeOf(times, `${query} of many`))} against ${ms(timeOf(times, `${query} of few`))}`
  ).join("; ");
  return {
    what: `sessions: the newest ${PAGE} among ${most} ÷ among ${FEW}`,
    target: `≤ ${MOST} ×`,
    measured: ratio(value),
    ok: value <= MOST,
    background,
  };
}
