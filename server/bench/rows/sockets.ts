import type { Bench, Row } from "../bench.ts";
import { type Child, startChild } from "../child.ts";
import { residentBytes } from "../machine.ts";
import { interleave, medianOf, rateRatio } from "../rounds.ts";
import type { Side } from "../sides/side.ts";
import { startStoredGate } from "../sides/stored_gate.ts";
import { median } from "../stats.ts";
import { type Line, missing, perSecond, ratio } from "../table.ts";
import { turnsDone } from "../talk.ts";
import { Connection } from "../wire/connection.ts";
import { jsonAnswer } from "../wire/json_answer.ts";
import { jsonRequest } from "../wire/json_request.ts";
import { closeSocket, openSocket, socketTurn } from "../wire/sockets.ts";

/** Fewer would lie in what the heap has free anyway. */
const IDLE = 1_000;
const MEMORY = `${IDLE} idle WebSockets: memory per open one, gate ÷ a bare Deno server`;
const TALKING = 100;
const CHUNKS = 16;

/** What WebSockets cost: idle ones in memory, talking ones in turns. */
export const sockets: Row = { name: "sockets", run };

async function run(bench: Bench): Promise<Line[]> {
  return [await memory(bench), await rate(bench)];
}

async function memory(bench: Bench): Promise<Line> {
  const gate: number[] = [];
  const bare: number[] = [];
  for (let round = 0; round < (bench.quick ? 1 : 3); round++) {
    const { side } = await startStoredGate(bench.context);
    try {
      const ids = await sessions(side, IDLE);
      gate.push(await bytesEach(side.child, ids.map((id) => `/ws/${id}`), tokenOf(side)));
    } finally {
      await side.child.stop();
    }
    const child = await startBareSockets(bench);
    try {
      bare.push(await bytesEach(child, Array.from({ length: IDLE }, () => "/"), "bench"));
    } finally {
      await child.stop();
    }
  }
  const value = median(gate) / median(bare);
  if (Number.isNaN(value)) return missing(MEMORY, "–", "this system has no /proc");
  const kilobytes = (bytes: readonly number[]) => `${(median(bytes) / 1024).toFixed(1)} KiB`;
  return {
    what: MEMORY,
    target: "–",
    measured: ratio(value),
    ok: null,
    background: `gate ${kilobytes(gate)}, bare ${kilobytes(bare)}`,
  };
}

/** Opens the WebSockets on a server that has had some already. */
async function bytesEach(child: Child, paths: readonly string[], token: string): Promise<number> {
  for (const path of paths.slice(0, 100)) await closeSocket(await openSocket(child.url, path, token));
  await settled();
  const before = await residentBytes(child.pid) ?? NaN;
  const open: WebSocket[] = [];
  for (const path of paths) open.push(await openSocket(child.url, path, token));
  await settled();
  const after = await residentBytes(child.pid) ?? NaN;
  await Promise.all(open.map(closeSocket));
  return (after - before) / paths.length;
}

async function rate(bench: Bench): Promise<Line> {
  const { side } = await startStoredGate(bench.context);
  try {
    const milliseconds = bench.quick ? 700 : 1_500;
    const rounds = bench.quick ? 3 : 7;
    // New sessions for each round, so that what is measured does not grow with the run.
    const sets: WebSocket[][] = [];
    for (let round = 0; round <= rounds; round++) sets.push(await openSet(side));
    const sides = new Map([["http", { ...side }], ["sockets", { ...side }]] as const);
    const socketTurns = () => socketTurnsDone(sets.pop() ?? [], milliseconds);
    await socketTurns();
    const all = await interleave(
      sides,
      rounds,
      (each) =>
        each === sides.get("sockets")
          ? socketTurns()
          : turnsDone(side, { connections: TALKING, chunks: CHUNKS, milliseconds }),
    );
    const background = [...sides.keys()].map((name) =>
      `${name} ${perSecond(medianOf(all, name, "rate"))} (${
        medianOf(all, name, "processor").toFixed(0)
      } µs processor each)`
    ).join(", ");
    return {
      what: `turns/s over ${TALKING} WebSockets ÷ by POST /conversation over as many connections`,
      target: "–",
      measured: ratio(rateRatio(all, "sockets", "http") ?? NaN),
      ok: null,
      background,
    };
  } finally {
    await side.child.stop();
  }
}

/** WebSockets with a session each. */
async function openSet(side: Side): Promise<WebSocket[]> {
  const ids = await sessions(side, TALKING);
  return await Promise.all(ids.map((id) => openSocket(side.url, `/ws/${id}`, tokenOf(side))));
}

/** Turns as fast as they go. @returns how many ended */
async function socketTurnsDone(open: readonly WebSocket[], milliseconds: number): Promise<number> {
  const end = performance.now() + milliseconds;
  const done = await Promise.all(open.map(async (socket) => {
    let turns = 0;
    for (; performance.now() < end; turns++) await socketTurn(socket, `bench chunks=${CHUNKS} pace=0`);
    return turns;
  }));
  return done.reduce((sum, turns) => sum + turns, 0);
}

async function sessions({ url, headers }: Side, count: number): Promise<string[]> {
  const connection = await Connection.open(url);
  const request = jsonRequest(url, "POST /set-llm", headers, {});
  const ids: string[] = [];
  while (ids.length < count) ids.push(String((await jsonAnswer(connection, request)).session_id));
  connection.close();
  return ids;
}

function tokenOf({ headers }: Side): string {
  return headers.authorization?.replace("Bearer ", "") ?? "";
}

function startBareSockets({ context: { folder, cores } }: Bench): Promise<Child> {
  const program = new URL("../processes/bare_socket.ts", import.meta.url).pathname;
  return startChild({
    name: "bare-socket",
    command: [Deno.execPath(), "run", "--no-prompt", "--no-config", "--no-lock", "--allow-net", program],
    folder,
    cores,
  });
}

function settled(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 1_000));
}
