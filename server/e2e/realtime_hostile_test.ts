import { assertEquals } from "@std/assert";
import type { RawClient } from "../http/frame_fixture.ts";
import { Gate, Home } from "./gate.ts";
import { FRAME_CASES, type FrameCase } from "./realtime_frames.ts";
import { endQuietly } from "./realtime_quiet.ts";
import { askRaw, assertServes, beginRaw, endOf, makeSession, openRaw, rpc, type RpcFrame } from "./realtime_raw.ts";
import { REQUEST_CASES } from "./realtime_requests.ts";
import { ToldUpstream } from "./realtime_upstream.ts";
import { within } from "./realtime_within.ts";

/** Requests that are sent before anything is read. */
const CHEAP = 5_000;

/** A product of its own for each test, so that each can see what it leaves behind. */
async function withGate(test: (gate: Gate, upstream: ToldUpstream) => Promise<void>): Promise<void> {
  await using upstream = new ToldUpstream();
  await using home = await Home.make();
  await using gate = await Gate.start({ env: upstream.environment(), home });
  await test(gate, upstream);
  await assertServes(gate);
  await endQuietly(gate, upstream);
}

Deno.test("frames that break the rules end their own connection at most", async (t) => {
  await withGate(async (gate) => {
    const session = await makeSession(gate, "rpc");
    using steady = await openRaw(gate, await makeSession(gate, "rpc"));
    for (const [n, frameCase] of FRAME_CASES.entries()) {
      await t.step(frameCase.name, async () => {
        using client = await openRaw(gate, session);
        await frameCase.send(client);
        await judge(client, frameCase);
        assertEquals((await askRaw(steady, n, "cancel", {})).result, { cancelled: [] });
      });
    }
  });
});

async function judge(client: RawClient, { verdict }: FrameCase): Promise<void> {
  const goesOn = async () => {
    const { result } = await askRaw(client, "after", "cancel", {});
    assertEquals(result, { cancelled: [] });
  };
  const ends = async () => await within(client.closed(), "the end of the connection");
  switch (verdict) {
    case "goes on":
      return await goesOn();
    case "ends":
      return void await ends();
    case "either":
      return await goesOn().catch(ends).then(() => {});
    default:
      assertEquals((await ends())?.code, verdict);
  }
}

Deno.test("requests that are none are answered by their code, and the connection goes on", async (t) => {
  await withGate(async (gate) => {
    using client = await openRaw(gate, await makeSession(gate, "rpc"));
    for (const { name, frame, codes } of REQUEST_CASES) {
      await t.step(name, async () => {
        await client.text(frame);
        const answer: RpcFrame | RpcFrame[] = JSON.parse(await within(client.nextText(), "an answer"));
        assertEquals([answer].flat().map(({ error }) => error?.code), [...codes]);
        assertEquals((await askRaw(client, "after", "cancel", {})).result, { cancelled: [] });
      });
    }
    await t.step("a turn is still possible", async () => {
      assertEquals((await endOf(client, await beginRaw(client, "now")))?.status_message, "complete");
    });
  });
});

Deno.test("results count once, for calls that wait, from whoever was asked", async () => {
  await withGate(async (gate, upstream) => {
    const session = await makeSession(gate, "rpc");
    using client = await openRaw(gate, session);
    using other = await openRaw(gate, session);
    const f = (id: string) => ({ id, name: "f", arguments: "{}" });
    const result = (id: string, result: unknown, tool_name = "f") => ({ tool_call_id: id, tool_name, result });
    const give = async (from: RawClient, task_id: string, ...results: unknown[]) => {
      const { result, error } = await askRaw(from, crypto.randomUUID(), "tool_result", { task_id, results });
      return result?.accepted ?? error?.code;
    };

    const task = await beginRaw(client, "tools");
    await (await upstream.called("tools")).ask(f("a"), f("b"));
    // The calls are known here once they are known there.
    for (let told = 0; told < 2;) {
      const { method }: RpcFrame = JSON.parse(await within(client.nextText(), "the calls"));
      if (method === "function_call_request") told++;
    }
    assertEquals(await give(other, task, result("a", "not theirs")), -32001);
    assertEquals(await give(client, task), 0);
    assertEquals(await give(client, task, result("z", 0)), 0);
    assertEquals(await give(client, task, result("a", 0, "g"), result("b", 0)), -32602);
    assertEquals(await give(client, task, result("a", "first"), result("a", "second"), result("z", 0)), 1);
    assertEquals(await give(client, task, result("a", "third")), 0);
    assertEquals(await give(client, task, result("b", { deep: [null] })), 1);
    const second = await within(upstream.called("tools", 1), "the second round");
    assertEquals(second.messages.slice(-2), [
      { role: "tool", tool_call_id: "a", content: "first" },
      { role: "tool", tool_call_id: "b", content: '{"deep":[null]}' },
    ]);
    assertEquals(await give(client, task, result("b", "late")), 0);
    await second.end();
    assertEquals((await endOf(client, task))?.status_message, "complete");
    assertEquals(await give(client, task, result("b", "after the end")), -32001);

    const cancelled = await beginRaw(client, "again");
    await (await upstream.called("again")).ask(f("a"));
    assertEquals((await askRaw(client, "c", "cancel", { task_id: cancelled })).result, { cancelled: [cancelled] });
    assertEquals(await give(client, cancelled, result("a", "after the cancel")), -32001);
    // It has had its end before that answer, or has it soon; the model is not asked again in either case.
    assertEquals((await endOf(client, await beginRaw(client, "now")))?.status_message, "complete");
  });
});

Deno.test("thousands of requests are answered though nothing is read before the last of them", async () => {
  await withGate(async (gate) => {
    using client = await openRaw(gate, await makeSession(gate, "rpc"));
    const methods = ["cancel", "none", "generate", "tool_result"];
    for (let n = 0; n < CHEAP; n++) await client.text(rpc(n, methods[n % methods.length] ?? "", {}));
    const ids = new Set<unknown>();
    const read = async () => {
      while (ids.size < CHEAP) ids.add((JSON.parse(await client.nextText()) as RpcFrame).id);
    };
    await within(read(), "all answers");
    assertEquals(ids.size, CHEAP);
  });
});

Deno.test("whoever reads none of many long answers is shown out, and all others are served", async () => {
  await withGate(async (gate) => {
    using client = await openRaw(gate, await makeSession(gate, "rpc"));
    const id = "x".repeat(1_000_000);
    let isOut = false;
    const isToldOut = gate.child.until(
      (output) => /"WebSocket closed".*"code":1008/.test(output) || undefined,
      "a 1008",
    )
      .then(() => isOut = true);
    for (let n = 0; n < 64 && !isOut; n++) {
      await client.text(rpc(id, "none", {}));
      if (n % 8 === 0) await assertServes(gate);
    }
    await isToldOut;
    await assertServes(gate);
  });
});
