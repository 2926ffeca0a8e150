import { assertEquals, assertLess } from "@std/assert";
import { encodeFrame, OPCODE, type RawClient } from "../http/frame_fixture.ts";
import { Gate, Home } from "./gate.ts";
import { counts } from "./realtime_counts.ts";
import { endQuietly } from "./realtime_quiet.ts";
import {
  askRaw,
  assertServes,
  beginRaw,
  makeSession,
  openRaw,
  rpc,
  type RpcFrame,
  type Speech,
} from "./realtime_raw.ts";
import { type ModelCall, ToldUpstream } from "./realtime_upstream.ts";
import { within } from "./realtime_within.ts";
import { report } from "./report.ts";
import { eventually, inBatches } from "./wait.ts";

/** Far above the target, which is reported: a busy machine may pause us, a request that is never aborted takes forever. */
const BOUND_MS = 1_000;
const TARGET_MS = 100;
const AT_A_TIME = 20;

/** A moment in which clients vanish. */
interface Phase {
  readonly name: string;
  readonly speech: Speech;
  /** Brings it about. @returns what must be aborted upstream */
  reach(client: RawClient, prompt: string, upstream: ToldUpstream): Promise<readonly ModelCall[]>;
}

const spoken = async (call: Promise<ModelCall>, client: RawClient): Promise<ModelCall> => {
  const begun = await call;
  await begun.say("a beginning");
  await client.nextText();
  return begun;
};

const PHASES: readonly Phase[] = [
  {
    name: "text, before the first word",
    speech: "text",
    async reach(client, prompt, upstream) {
      await client.text(prompt);
      return [await upstream.called(prompt)];
    },
  },
  {
    name: "text, in the middle of the reply",
    speech: "text",
    async reach(client, prompt, upstream) {
      await client.text(prompt);
      return [await spoken(upstream.called(prompt), client)];
    },
  },
  {
    name: "rpc, before the first word",
    speech: "rpc",
    async reach(client, prompt, upstream) {
      await client.text(rpc(1, "generate", { message: prompt }));
      return [await upstream.called(prompt)];
    },
  },
  {
    name: "rpc, a turn and eight tasks at once, in the middle of the last one's reply",
    speech: "rpc",
    async reach(client, prompt, upstream) {
      const prompts = Array.from({ length: 8 }, (_, n) => `${prompt}-${n}`);
      await client.text(rpc(1, "generate", { message: prompt }));
      for (const content of prompts) await beginRaw(client, content);
      const calls = await Promise.all([prompt, ...prompts].map((prompt) => upstream.called(prompt)));
      await calls.at(-1)?.say("a beginning");
      await client.nextText();
      return calls;
    },
  },
  {
    name: "rpc, in the middle of a frame that would cancel",
    speech: "rpc",
    async reach(client, prompt, upstream) {
      await client.text(rpc(1, "generate", { message: prompt }));
      const call = await upstream.called(prompt);
      const payload = new TextEncoder().encode(rpc(2, "cancel", {}));
      await client.bytes(encodeFrame({ opcode: OPCODE.text, payload }).slice(0, -5));
      return [call];
    },
  },
  {
    name: "rpc, with hundreds of requests on the way",
    speech: "rpc",
    async reach(client, prompt, upstream) {
      await client.text(rpc(1, "generate", { message: prompt }));
      const call = await upstream.called(prompt);
      for (let n = 0; n < 300; n++) await client.text(rpc(n, "none", {}));
      return [call];
    },
  },
];

async function startGate(upstream: ToldUpstream, home: Home): Promise<Gate> {
  return await Gate.start({ env: upstream.environment(), home });
}

Deno.test("clients that vanish abort what they have asked for, and their sessions are free", async (t) => {
  await using upstream = new ToldUpstream();
  await using home = await Home.make();
  await using gate = await startGate(upstream, home);
  for (const phase of PHASES) {
    await t.step(phase.name, async () => {
      const lateness: number[] = [];
      await inBatches(counts.leavers, AT_A_TIME, async (n) => {
        lateness.push(...await vanish(gate, upstream, phase, `${phase.name} ${n}`));
      });
      printFigures(phase.name, lateness);
      assertLess(Math.max(...lateness), BOUND_MS);
      await assertServes(gate);
    });
  }
  await endQuietly(gate, upstream);
});

/** @returns how long after it the requests were seen to be aborted, in milliseconds */
async function vanish(gate: Gate, upstream: ToldUpstream, phase: Phase, prompt: string): Promise<readonly number[]> {
  const session = await makeSession(gate, phase.speech);
  const client = await openRaw(gate, session);
  let calls: readonly ModelCall[];
  let leftAt: number;
  try {
    calls = await within(phase.reach(client, prompt, upstream), "the phase");
  } finally {
    leftAt = performance.now();
    client.vanish();
  }
  const seen = await within(Promise.all(calls.map(({ left }) => left)), "the abort");
  await eventually(() => isFree(gate, session, phase.speech), "the session to be free");
  return seen.map((at) => at - leftAt);
}

/** Whether a turn is possible in a session. */
async function isFree(gate: Gate, session: string, speech: Speech): Promise<true | undefined> {
  using client = await openRaw(gate, session);
  await client.text(speech === "text" ? "now" : rpc(1, "generate", { message: "now" }));
  const frame = JSON.parse(await within(client.nextText(), "an answer"));
  if (frame.error === undefined) return true;
  assertEquals(speech === "text" ? frame.error.code : frame.error.data.code, "session_busy");
  return undefined;
}

function printFigures(phase: string, lateness: readonly number[]): void {
  const sorted = lateness.toSorted((a, b) => a - b);
  const at = (part: number) => (sorted[Math.floor((sorted.length - 1) * part)] ?? NaN).toFixed(1);
  const late = sorted.filter((ms) => ms > TARGET_MS).length;
  report(
    `vanished, ${phase}: ${sorted.length} aborts, p50 ${at(0.5)} ms, p99 ${at(0.99)} ms, max ${at(1)} ms, ` +
      `${late} later than ${TARGET_MS} ms`,
  );
}

Deno.test("clients that vanish while the model waits for their tools leave nothing behind", async () => {
  await using upstream = new ToldUpstream();
  await using home = await Home.make();
  await using gate = await startGate(upstream, home);
  await inBatches(counts.leavers, AT_A_TIME, async (n) => {
    const session = await makeSession(gate, "rpc");
    const client = await openRaw(gate, session);
    await client.text(rpc(1, "generate", { message: `tools ${n}` }));
    const call = await within(upstream.called(`tools ${n}`), "the request");
    await call.ask({ id: "a", name: "f", arguments: "{}" }, { id: "b", name: "f", arguments: "{}" });
    let told: RpcFrame = {};
    while (told.method !== "function_call_request") told = JSON.parse(await within(client.nextText(), "the calls"));
    // Some have given one result, and the other is still missing.
    if (n % 2 === 0) {
      const results = [{ tool_call_id: "a", tool_name: "f", result: 1 }];
      const { result } = await askRaw(client, 2, "tool_result", { task_id: told.params?.task_id, results });
      assertEquals(result?.accepted, 1);
    }
    client.vanish();
    await eventually(() => isFree(gate, session, "rpc"), "the session to be free");
  });
  await endQuietly(gate, upstream);
});

Deno.test("clients that vanish around their handshake leave nothing behind", async () => {
  await using upstream = new ToldUpstream();
  await using home = await Home.make();
  await using gate = await startGate(upstream, home);
  const session = await makeSession(gate, "rpc");
  await inBatches(counts.leavers * 3, AT_A_TIME, async (n) => {
    const { hostname, port, host } = new URL(gate.url);
    const head = `GET /ws/${session} HTTP/1.1\r\nhost: ${host}\r\nupgrade: websocket\r\nconnection: Upgrade\r\n` +
      "sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    using connection = await Deno.connect({ hostname, port: Number(port) });
    const generate = encodeFrame({
      opcode: OPCODE.text,
      payload: new TextEncoder().encode(rpc(1, "generate", { history: [{ role: "user", content: "now" }] })),
    });
    await connection.write(new TextEncoder().encode(head));
    // Without a word, with one before any answer, and after the first byte of the answer.
    if (n % 3 === 1) await connection.write(generate);
    if (n % 3 === 2) await connection.read(new Uint8Array(1));
  });
  await assertServes(gate);
  await endQuietly(gate, upstream);
});
