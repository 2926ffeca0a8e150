import { assert, assertEquals, assertLess } from "@std/assert";
import { baseEnvironment, Child, ROOT } from "./child.ts";
import { Gate, Home } from "./gate.ts";
import { counts } from "./options.ts";
import { report } from "./report.ts";
import { Upstream, type UpstreamRequest } from "./upstream.ts";
import { eventually, pause } from "./wait.ts";

/** Far above the target, which is reported: a busy machine may pause us, a request that is never aborted takes forever. */
const BOUND_MS = 1_000;
const TARGET_MS = 100;

/** A phase in which clients leave. */
interface Phase {
  readonly name: string;
  /** What the upstream is told to do, one batch after the other in turn. */
  readonly prompts: readonly string[];
  readonly stream: boolean;
  /** True once the upstream's request is in the phase. */
  readonly reached: (request: UpstreamRequest) => boolean;
  /** What each client has seen by then. */
  readonly word: "sent" | "begun";
}

const PHASES: readonly Phase[] = [
  {
    name: "before the first byte",
    prompts: ["hold"],
    stream: true,
    reached: ({ prompt }) => prompt === "hold",
    word: "sent",
  },
  {
    name: "mid-stream",
    prompts: ["idle", "endless"],
    stream: true,
    reached: ({ state }) => state === "streaming",
    word: "begun",
  },
  {
    name: "non-streaming",
    prompts: ["hold"],
    stream: false,
    reached: ({ prompt }) => prompt === "hold",
    word: "sent",
  },
];

for (const phase of PHASES) {
  Deno.test(`clients that are killed ${phase.name} abort the upstream's request`, async () => {
    await using upstream = await Upstream.start("everybody");
    await using home = await Home.make();
    await using gate = await Gate.start({ env: upstream.environment(), home });
    const lateness: number[] = [];
    const memory: number[] = [];
    for (let batch = 0; batch * counts.abortsAtATime < counts.abortsPerPhase; batch++) {
      const prompt = phase.prompts[batch % phase.prompts.length] ?? "";
      lateness.push(...await killBatch(gate, upstream, phase, prompt, `${phase.name}-${batch}`));
      memory.push(residentMegabytes(gate.child.pid));
    }
    printFigures(phase.name, lateness);
    report(`memory after each batch, ${phase.name}: ${memory.map((mb) => mb.toFixed(0)).join(" ")} MB`);
    assertEquals(lateness.length, counts.abortsPerPhase, "requests that the upstream saw aborted");
    assertLess(Math.max(...lateness), BOUND_MS);
    await assertAlive(gate);
    await gate.stop();
  });
}

Deno.test("clients that are killed while queued never reach the upstream", async () => {
  await using upstream = await Upstream.start("everybody");
  await using home = await Home.make();
  await using gate = await Gate.start({ env: { ...upstream.environment(), LLM_MAX_CONCURRENT: "1" }, home });
  for (let batch = 0; batch * counts.abortsAtATime < counts.abortsPerPhase; batch++) {
    const holder = new AbortController();
    const held = await gate.chat("idle", { body: { stream: true }, signal: holder.signal });
    {
      await using client = startClients(gate, "fast", true, `queued-${batch}`);
      await client.until(
        (output) => countWord(output, "sent") === counts.abortsAtATime || undefined,
        "requests to be sent",
      );
      // They are on their way; give the gate the time to put them into its queue.
      await pause(50);
      client.signal("SIGKILL");
      await client.exit();
      assert(!/begun|refused|ended/.test(client.output), client.output);
    }
    await pause(TARGET_MS);
    holder.abort();
    await held.body?.cancel().catch(() => {});
    await assertAlive(gate);
  }
  const reached = await upstream.requests("queued-");
  report(`aborts, queued: ${counts.abortsPerPhase} clients, ${reached.length} reached the upstream after all`);
  assertEquals(reached, []);
  await gate.stop();
});

async function killBatch(
  gate: Gate,
  upstream: Upstream,
  phase: Phase,
  prompt: string,
  prefix: string,
): Promise<number[]> {
  const count = counts.abortsAtATime;
  const ofBatch = () => upstream.requests(`${prefix}-`);
  await using client = startClients(gate, prompt, phase.stream, prefix);
  await client.until((output) => countWord(output, phase.word) === count || undefined, `clients ${phase.name}`);
  await eventually(
    async () => (await ofBatch()).filter(phase.reached).length === count || undefined,
    `${count} requests ${phase.name}`,
  );
  const killedAt = performance.timeOrigin + performance.now();
  client.signal("SIGKILL");
  const aborted = await eventually(async () => {
    const requests = await ofBatch();
    return requests.every(({ state }) => state === "aborted") ? requests : undefined;
  }, `the upstream to see ${count} aborts ${phase.name}`);
  return aborted.map(({ endedAt }) => (endedAt ?? Infinity) - killedAt);
}

function startClients(gate: Gate, prompt: string, stream: boolean, prefix: string): Child {
  const args = [new URL(gate.url).port, String(counts.abortsAtATime), prefix, prompt, stream ? "stream" : "plain"];
  const command = [Deno.execPath(), "run", "--no-config", "--allow-net=127.0.0.1", `${ROOT}server/e2e/abort_client.ts`];
  return new Child([...command, ...args], { env: baseEnvironment() });
}

function countWord(output: string, word: string): number {
  return output.split("\n").filter((line) => line === word).length;
}

function printFigures(phase: string, lateness: readonly number[]): void {
  const sorted = lateness.toSorted((a, b) => a - b);
  const at = (part: number) => (sorted[Math.floor((sorted.length - 1) * part)] ?? NaN).toFixed(1);
  const late = sorted.filter((ms) => ms > TARGET_MS).length;
  report(
    `aborts, ${phase}: ${sorted.length} seen, p50 ${at(0.5)} ms, p99 ${at(0.99)} ms, max ${at(1)} ms, ` +
      `${late} later than ${TARGET_MS} ms`,
  );
}

/** What a process holds in memory, as Linux counts it; NaN elsewhere. */
function residentMegabytes(pid: number): number {
  try {
    return Number(/^VmRSS:\s+(\d+) kB/m.exec(Deno.readTextFileSync(`/proc/${pid}/status`))?.[1]) / 1024;
  } catch {
    return NaN;
  }
}

async function assertAlive(gate: Gate): Promise<void> {
  const response = await gate.chat("fast");
  assertEquals(response.status, 200, await response.text());
}
