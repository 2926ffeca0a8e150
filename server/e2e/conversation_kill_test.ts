import { assert, assertEquals } from "@std/assert";
import { audit, type Finding } from "./conversation_audit.ts";
import { Conversing } from "./conversation_client.ts";
import { KINDS, Told } from "./conversation_kinds.ts";
import type { Script } from "./conversation_script.ts";
import { ConversationModel } from "./conversation_upstream.ts";
import { Gate, Home } from "./gate.ts";
import { counts, SOAK_VARIABLE } from "./options.ts";
import { report } from "./report.ts";
import { eventually, inBatches, pause } from "./wait.ts";

const KILLS = Deno.env.get(SOAK_VARIABLE) === "1" ? 200 : 40;

/** Where a kill comes: so long after the turns are sent, or after something has happened to one of them. */
interface Moment {
  readonly name: string;
  /** Words of the shortest script. */
  readonly words: number;
  /** Words that each of the others has more than the one before. */
  readonly more: number;
  /** From when on it is counted. */
  readonly since: (turns: readonly Told[], model: ConversationModel) => boolean;
  /** Milliseconds, between these two. */
  readonly after: readonly [number, number];
}

const MOMENTS: readonly Moment[] = [
  { name: "the request", words: 10, more: 9, since: () => true, after: [0, 60] },
  {
    name: "the begin",
    words: 10,
    more: 9,
    since: (turns, model) => turns.some(({ prompt }) => model.requests(prompt).length > 0),
    after: [0, 40],
  },
  { name: "the middle", words: 20, more: 9, since: () => true, after: [100, 2_300] },
  {
    name: "a tool round",
    words: 6,
    more: 1,
    since: (turns) => turns.some(({ calls }) => calls.length > 0),
    after: [0, 40],
  },
  {
    name: "the last word",
    words: 8,
    more: 0,
    since: (turns, model) => turns.some(({ prompt }) => model.requests(prompt)[0]?.state === "done"),
    after: [0, 25],
  },
  { name: "done", words: 8, more: 0, since: (turns) => turns.some(({ done }) => done !== null), after: [0, 60] },
  { name: "drafts", words: 150, more: 9, since: () => true, after: [2_800, 3_600] },
];

/** Milliseconds between two words. */
const EVERY_MS = 25;

/** What all kills came to. */
class Figures {
  readonly outcomes = new Map<string, number>();
  turns = 0;
  lost = 0;
  served = 0;

  count(moment: string, finding: Finding, isDone: boolean): void {
    const reply = isDone ? "told" : finding.reply;
    const key = `at ${moment}: reply ${reply}`;
    this.outcomes.set(key, (this.outcomes.get(key) ?? 0) + 1);
    this.turns++;
    this.lost = Math.max(this.lost, finding.lost ?? 0);
  }
}

Deno.test("kill -9 in the middle of turns of all kinds loses nothing that a client was told, and no session", async () => {
  await using model = new ConversationModel();
  const figures = new Figures();
  const lanes = counts.killsAtATime;
  await inBatches(lanes, lanes, async (lane) => {
    await using home = await Home.make();
    // Wide enough for all that is said here: nothing is cut away.
    const options = { env: { ...model.environment(), LLM_CONTEXT_TOKENS: "2000000" }, home };
    const histories = new Map<string, Finding["history"]>();
    let gate = await Gate.start(options);
    try {
      for (let n = lane; n < KILLS; n += lanes) {
        const moment = MOMENTS[n % MOMENTS.length];
        assert(moment !== undefined);
        try {
          const { turns, killedAt } = await runAndKill(gate, model, moment, n);
          gate = await Gate.start(options);
          const client = new Conversing(gate.url);
          const startedAt = performance.now();
          const places = await findTurns(client, histories);
          await Promise.all(turns.map(async (told, k) => {
            const sessionId = places.get(told.prompt) ?? (places.has(told.sessionId ?? "") ? told.sessionId : null);
            const at = { client, model, killedAt, sessionId, retries: (n + k) % 2 === 0 };
            const finding = await audit(told, at).catch((error) => {
              throw new Error(`a turn by ${told.kind}: ${error.message}`);
            });
            figures.count(moment.name, finding, told.done !== null);
            if (finding.sessionId !== null) histories.set(finding.sessionId, finding.history);
          }));
          figures.served = Math.max(figures.served, performance.now() - startedAt);
          const unknown = (await client.sessions()).filter(({ session_id }) => !histories.has(session_id));
          assertEquals(unknown, [], "sessions of no turn");
        } catch (error) {
          const said = error instanceof Error ? error.message : String(error);
          throw new Error(`kill ${n} at ${moment.name}: ${said}\n${complaintsIn(gate.output)}`);
        }
      }
      const client = new Conversing(gate.url);
      for (const [id, history] of histories) assertEquals(await client.history(id), history, "after all kills");
      await gate.stop();
    } finally {
      await gate[Symbol.asyncDispose]();
    }
  });
  assertEquals(model.faults, []);
  for (const [outcome, count] of [...figures.outcomes].toSorted()) report(`killed ${outcome} ${count}`);
  const { turns, lost, served } = figures;
  report(
    `${KILLS} kills in ${turns} turns: replies that failed end ${lost.toFixed(0)} ms before the kill at worst; ` +
      `all sessions went on within ${served.toFixed(0)} ms`,
  );
});

/** Begins turns of all kinds at once, and kills the server under them. */
async function runAndKill(
  gate: Gate,
  model: ConversationModel,
  moment: Moment,
  n: number,
): Promise<{ readonly turns: readonly Told[]; readonly killedAt: number }> {
  const client = new Conversing(gate.url);
  // Spread evenly, and differently for each moment.
  const random = (n * 0.618034) % 1;
  const killing = new AbortController();
  const turns: Told[] = [];
  const prepared = await Promise.all(
    Object.entries(KINDS).map(async ([kind, prepare], k) => {
      const script: Script = {
        tag: `k${n}-${kind}`,
        words: moment.words + moment.more * ((k + n) % 6),
        everyMs: EVERY_MS,
        // Some replies are too long for one entry of the store.
        width: (k + n) % 6 === 5 ? 500 : 0,
        tools: kind === "rpc",
      };
      const told = new Told(kind, script);
      turns.push(told);
      return await prepare(client, told);
    }),
  );
  const running = prepared.map((run) =>
    run().catch((error) => {
      if (!killing.signal.aborted) throw error;
    })
  );
  const ended = Promise.all(running);
  const kill = async () => {
    const isDue = () => Promise.resolve(moment.since(turns, model) || undefined);
    await eventually(isDue, `the moment of ${moment.name}`);
    const [from, to] = moment.after;
    await pause(from + random * (to - from));
    killing.abort();
    const killedAt = performance.now();
    await gate[Symbol.asyncDispose]();
    return killedAt;
  };
  const [killedAt] = await Promise.all([kill(), ended]);
  return { turns, killedAt };
}

/** The lines of a log that say what went wrong. */
function complaintsIn(output: string): string {
  return output.split("\n").filter((line) => !line.includes('"level":"info"')).join("\n");
}

/** The sessions that are new, by the prompt they begin with, or by their own id if they have none. */
async function findTurns(
  client: Conversing,
  known: ReadonlyMap<string, unknown>,
): Promise<ReadonlyMap<string, string>> {
  const places = new Map<string, string>();
  for (const { session_id } of await client.sessions()) {
    if (known.has(session_id)) continue;
    const [first] = await client.history(session_id);
    places.set(first?.content ?? session_id, session_id);
  }
  return places;
}
