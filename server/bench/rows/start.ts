import type { Bench, Row } from "../bench.ts";
import type { Child } from "../child.ts";
import { startDemo } from "../sides/gate.ts";
import { startProcess } from "../sides/deno_side.ts";
import { median } from "../stats.ts";
import { type Line, missing } from "../table.ts";
import { Connection } from "../wire/connection.ts";
import { chatRequest, getRequest } from "../wire/request.ts";

const TARGET = "≤ 250 ms";
const LIVE = "start to first answered request, /health/live";
const CHAT = "start to first answered request, demo chat";

/** From the spawn with an empty data folder to the last byte of a 200, on any core. */
export const start: Row = { name: "start", run };

async function run(bench: Bench): Promise<Line[]> {
  const empty: number[] = [];
  const live: number[] = [];
  const chat: number[] = [];
  try {
    // The first start is the one that fills Deno's code cache.
    for (let round = -1; round < (bench.quick ? 3 : 7); round++) {
      const rounds = {
        empty: await timed(() => startProcess("empty", bench.alone), (url) => getRequest(url, "/")),
        live: await timed(() => startDemo(bench.alone), (url) => getRequest(url, "/health/live")),
        chat: await timed(
          () => startDemo(bench.alone),
          (url) => chatRequest(url, { chunks: 0, pace: 0, model: "default", maxTokens: 1 }),
        ),
      };
      if (round < 0) continue;
      empty.push(rounds.empty);
      live.push(rounds.live);
      chat.push(rounds.chat);
    }
  } catch (error) {
    const reason = `gate: ${error instanceof Error ? error.message : error}`;
    return [missing(LIVE, TARGET, reason), missing(CHAT, TARGET, reason)];
  }
  const background = `an empty Deno server ${median(empty).toFixed(0)} ms`;
  return [[LIVE, live] as const, [CHAT, chat] as const].map(([what, times]) => ({
    what,
    target: TARGET,
    measured: `${median(times).toFixed(0)} ms`,
    ok: median(times) <= 250,
    background,
  }));
}

async function timed(startServer: () => Promise<Child>, request: (url: string) => Uint8Array): Promise<number> {
  const begin = performance.now();
  const child = await startServer();
  try {
    const connection = await Connection.open(child.url);
    const status = await connection.exchange(request(child.url));
    const time = performance.now() - begin;
    connection.close();
    if (status !== 200) throw new Error(`the first request was answered ${status}`);
    return time;
  } finally {
    await child.stop();
  }
}
