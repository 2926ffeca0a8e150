import { assertEquals } from "@std/assert";
import type { Gate } from "./gate.ts";
import type { ToldUpstream } from "./realtime_upstream.ts";
import { eventually } from "./wait.ts";

/** A line of the gate's log, as far as it is looked at. */
interface Line {
  readonly level: string;
  readonly message: string;
  readonly status?: number;
  readonly open?: number;
  readonly sockets?: number;
}

/**
 * Waits until nothing that was begun is under way any more, stops the gate as its user would, and checks that it has
 * known it: no stream, no socket, no request to the upstream is left, and nothing has gone wrong on its side.
 */
export async function endQuietly(gate: Gate, upstream: ToldUpstream): Promise<void> {
  await eventually(() => Promise.resolve(upstream.open === 0 || undefined), "the upstream's requests to end");
  await eventually(async () => await openStreams(gate) === 0 || undefined, "the gate's streams to end");
  await socketsOpen(gate, 0);
  await gate.stop();
  const lines = linesOf(gate);
  const last = lines.findLast(({ message }) => message === "draining");
  assertEquals([last?.open, last?.sockets], [0, 0], "open when it was asked to stop");
  assertEquals(lines.filter(({ level, status = 0 }) => level === "error" || status >= 500), []);
}

/** How many streams of a gate are open, by its metrics. */
async function openStreams(gate: Gate): Promise<number> {
  const text = await (await fetch(`${gate.url}/metrics`)).text();
  return Number(/^gatehouse_open_streams (\d+)$/m.exec(text)?.[1]);
}

/** Waits until so many WebSockets of a gate are open, by its log. */
export async function socketsOpen(gate: Gate, count: number): Promise<void> {
  const isSo = async () => {
    await allIsLogged(gate);
    const lines = linesOf(gate);
    const opened = lines.filter(({ status }) => status === 101).length;
    return opened - lines.filter(({ message }) => message === "WebSocket closed").length === count || undefined;
  };
  await eventually(isSo, `${count} open WebSockets`);
}

/** Waits until what has happened so far is in the output. */
async function allIsLogged(gate: Gate): Promise<void> {
  const id = crypto.randomUUID();
  const response = await fetch(`${gate.url}/health/live`, { headers: { "x-request-id": id } });
  await response.body?.cancel();
  await gate.child.until((output) => output.includes(id) || undefined, "line of the log");
}

function linesOf(gate: Gate): Line[] {
  return gate.output.split("\n").flatMap((line) =>
    line.startsWith("{") && line.endsWith("}") ? [JSON.parse(line)] : []
  );
}

/** What a process holds in memory, in MB, as Linux counts it; NaN elsewhere. */
export async function residentMegabytes({ child: { pid } }: Gate): Promise<number> {
  const status = await Deno.readTextFile(`/proc/${pid}/status`).catch(() => "");
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1]) / 1024;
}
