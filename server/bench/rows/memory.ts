import type { Bench, Row } from "../bench.ts";
import type { Child } from "../child.ts";
import { residentBytes } from "../machine.ts";
import { startGate } from "../sides/gate.ts";
import { startProcess } from "../sides/deno_side.ts";
import { median } from "../stats.ts";
import { type Line, missing, ratio } from "../table.ts";
import { Connection } from "../wire/connection.ts";
import { getRequest } from "../wire/request.ts";

const WHAT = "memory idle, gate ÷ an empty Deno server";
const TARGET = "≤ 1.5 ×";

/** Resident memory a while after the start and one answered request. */
export const memory: Row = { name: "memory", run };

async function run(bench: Bench): Promise<Line[]> {
  const settle = bench.quick ? 1000 : 3000;
  const empty: number[] = [];
  const gate: number[] = [];
  try {
    for (let round = 0; round < (bench.quick ? 1 : 3); round++) {
      empty.push(await idle(() => startProcess("empty", bench.context), "/", settle));
      gate.push(await idle(async () => (await startGate(bench.context)).child, "/health/live", settle));
    }
  } catch (error) {
    return [missing(WHAT, TARGET, `gate: ${error instanceof Error ? error.message : error}`)];
  }
  const value = median(gate) / median(empty);
  const megabytes = (bytes: number) => `${(bytes / 2 ** 20).toFixed(0)} MiB`;
  const background = `gate ${megabytes(median(gate))}, empty ${megabytes(median(empty))}`;
  return [{ what: WHAT, target: TARGET, measured: ratio(value), ok: value <= 1.5, background }];
}

async function idle(startServer: () => Promise<Child>, path: string, settle: number): Promise<number> {
  const child = await startServer();
  try {
    const connection = await Connection.open(child.url);
    await connection.exchange(getRequest(child.url, path));
    connection.close();
    await new Promise((resolve) => setTimeout(resolve, settle));
    const bytes = await residentBytes(child.pid);
    if (bytes === null) throw new Error("this system has no /proc");
    return bytes;
  } finally {
    await child.stop();
  }
}
