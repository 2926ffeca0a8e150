import type { Bench, Row } from "../bench.ts";
import { type Lane, type LaneTimes, laneTimes, timeOf, timeRatio } from "../lanes.ts";
import { type Filled, fillStore } from "../sides/fill_store.ts";
import type { Side } from "../sides/side.ts";
import { startStoredGate } from "../sides/stored_gate.ts";
import { type Line, ms, ratio } from "../table.ts";
import { jsonRequest } from "../wire/json_request.ts";

const PAGE = 50;
const SIZES = [100, 10_000] as const;
const MOST = 2;
const PAGES = ["latest", "middle", "oldest"] as const;

type PageName = typeof PAGES[number];
type Name = `${PageName} of ${typeof SIZES[number]}`;

/** What a page of history costs in a long conversation and in a short one, by HTTP, with an API key. */
export const history: Row = { name: "history", run };

async function run(bench: Bench): Promise<Line[]> {
  const { side, dataDir } = await startStoredGate(bench.context);
  try {
    const filling = { userId: "local", conversations: SIZES, sessions: 0, question: 300, answer: 2_500 };
    const filled = await fillStore(dataDir, filling);
    const lanes = new Map<Name, Lane>();
    for (const [index, size] of SIZES.entries()) {
      const conversation = filled[index];
      if (conversation === undefined) throw new Error(`There is no conversation of ${size} messages`);
      for (const page of PAGES) lanes.set(`${page} of ${size}`, await lane(side, conversation, page));
    }
    await laneTimes(lanes, { rounds: 1, calls: bench.quick ? 20 : 50 });
    const times = await laneTimes(lanes, { rounds: bench.quick ? 5 : 15, calls: bench.quick ? 15 : 30 });
    return PAGES.map((page) => line(times, page));
  } finally {
    await side.child.stop();
  }
}

/** A lane whose answer is the page that it should be. */
async function lane({ url, headers }: Side, { sessionId, ids }: Filled, page: PageName): Promise<Lane> {
  const end = page === "latest" ? ids.length : page === "oldest" ? PAGE : (ids.length + PAGE) / 2;
  const cursor = page === "latest" ? "" : `&cursor=${ids[end]}`;
  const path = `/conversation/session/${sessionId}/history?limit=${PAGE}${cursor}`;
  const answer = await fetch(url + path, { headers });
  const { data }: { data: readonly { readonly message_id: string }[] } = await answer.json();
  const isIt = data.length === PAGE && data.every(({ message_id }, index) => message_id === ids[end - PAGE + index]);
  if (!isIt) throw new Error(`The ${page} page of ${ids.length} messages is not the one that was asked for`);
  return { url, request: jsonRequest(url, `GET ${path}`, headers) };
}

function line(times: LaneTimes<Name>, page: PageName): Line {
  const [short, long] = SIZES;
  const value = timeRatio(times, `${page} of ${long}` satisfies Name, `${page} of ${short}`);
  return {
    what: `history: the ${page} page of ${PAGE}, in a conversation of ${long} messages ÷ of ${short}`,
    target: `≤ ${MOST} ×`,
    measured: ratio(value),
    ok: value <= MOST,
    background: SIZES.map((size) => `of ${size} ${ms(timeOf(times, `${page} of ${size}`))}`).join(", "),
  };
}
