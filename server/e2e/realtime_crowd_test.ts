import { assertEquals } from "@std/assert";
import { Api } from "./api.ts";
import { Gate, Home } from "./gate.ts";
import { counts } from "./realtime_counts.ts";
import { rpcSession, textSession } from "./realtime_install.ts";
import { endQuietly, residentMegabytes, socketsOpen } from "./realtime_quiet.ts";
import { RpcClient } from "./realtime_rpc.ts";
import { ToldUpstream } from "./realtime_upstream.ts";
import { Wire } from "./realtime_wire.ts";
import { report } from "./report.ts";
import { inBatches } from "./wait.ts";

const AT_A_TIME = 20;

/** One of the crowd: what it says, and what it has heard once the reply is whole. */
interface Member extends AsyncDisposable {
  converse(prompt: string): Promise<string>;
}

async function join(gate: Gate, n: number): Promise<Member> {
  const api = new Api(gate.url, null);
  const isText = n % 2 === 0;
  const session = await (isText ? textSession(api) : rpcSession(api));
  const wire = await Wire.ofPage({ url: gate.url, path: `/ws/${session}` });
  if (isText) {
    const converse = async (prompt: string) => {
      const { text, last } = await wire.converse(prompt);
      assertEquals(last.done, true);
      return text;
    };
    return { converse, [Symbol.asyncDispose]: () => wire[Symbol.asyncDispose]() };
  }
  const rpc = new RpcClient(wire);
  const converse = async (prompt: string) => {
    const task = await rpc.generate({ message: prompt });
    const { status_message, final_text } = await rpc.ended(task);
    assertEquals([status_message, final_text], ["complete", rpc.chunks(task).join("")]);
    return final_text ?? "";
  };
  return { converse, [Symbol.asyncDispose]: () => wire[Symbol.asyncDispose]() };
}

Deno.test(`${counts.crowd} WebSockets are open, with one turn each at once`, async () => {
  await using upstream = new ToldUpstream();
  await using home = await Home.make();
  await using gate = await Gate.start({ env: upstream.environment(), home });
  const before = await residentMegabytes(gate);
  {
    await using crowd = new AsyncDisposableStack();
    const members: Member[] = [];
    await inBatches(counts.crowd, AT_A_TIME, async (n) => void members.push(crowd.use(await join(gate, n))));
    await socketsOpen(gate, counts.crowd);
    const open = await residentMegabytes(gate);

    const startedAt = performance.now();
    const replies = members.map((member, n) => member.converse(`turn ${n}`));
    replies.forEach((reply) => reply.catch(() => {})); // awaited below
    const calls = await Promise.all(members.map((_, n) => upstream.called(`turn ${n}`)));
    const arrived = performance.now();
    await Promise.all(calls.map(async (call) => {
      for (let piece = 0; piece < 10; piece++) await call.say(`${call.prompt}:${piece} `);
      await call.end();
    }));
    const heard = await Promise.all(replies);
    const ended = performance.now();
    for (const [n, reply] of heard.entries()) {
      assertEquals(reply, Array.from({ length: 10 }, (_, piece) => `turn ${n}:${piece} `).join(""));
    }
    report(
      `${counts.crowd} turns at once: all with the model after ${
        (arrived - startedAt).toFixed(0)
      } ms, all stored and ` +
        `told ${(ended - arrived).toFixed(0)} ms later; memory ${before.toFixed(0)} MB, open ${open.toFixed(0)} MB, ` +
        `afterwards ${(await residentMegabytes(gate)).toFixed(0)} MB`,
    );
  }
  await endQuietly(gate, upstream);
});
