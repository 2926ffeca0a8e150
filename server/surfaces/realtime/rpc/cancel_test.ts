import { assert, assertEquals } from "@std/assert";
import { settle } from "../../../effects/fake_clock.ts";
import { errorIn, RpcRig, type Sent, toolCall } from "./rpc_fixture.ts";

const HISTORY = [{ role: "user", content: "hi" }];

async function begun(rig: RpcRig, params: Record<string, unknown> = { history: HISTORY }) {
  await rig.ask("generate", params);
  const run = "message" in params ? rig.turns.at(-1) : rig.runs.at(-1);
  assert(run !== undefined);
  run.admit();
  await settle();
  return run;
}

/** Cancels, and demands that nothing is told of a task between the request and its answer. */
async function cancelled(rig: RpcRig, params: Sent): Promise<unknown> {
  const before = rig.frames.length;
  const answer = await rig.ask("cancel", params);
  assertEquals(rig.frames[before], answer, "the answer comes first");
  return answer?.result ?? errorIn(answer)?.code;
}

Deno.test("cancel() ends a task that is streaming, with its text so far", async () => {
  for (const params of [{ history: HISTORY }, { message: "hi" }]) {
    const rig = new RpcRig();
    const run = await begun(rig, params);
    run.say("Hel");
    assertEquals(await cancelled(rig, { task_id: "T1" }), { cancelled: ["T1"] });
    assert(run.request.signal.aborted);
    assertEquals(rig.told("T1"), ["text_chunk:Hel", "end:stopped:Hel"]);
    assertEquals(await cancelled(rig, { task_id: "T1" }), -32001);
  }
});

Deno.test("cancel() ends a task that waits for tool results, which then come too late", async () => {
  const rig = new RpcRig();
  const run = await begun(rig);
  const results = run.call(toolCall("a")).catch((thrown) => thrown.name);
  await settle();
  const batch = [
    { jsonrpc: "2.0", id: "c", method: "cancel", params: { task_id: "T1" } },
    {
      jsonrpc: "2.0",
      id: "r",
      method: "tool_result",
      params: { task_id: "T1", results: [{ tool_call_id: "a", tool_name: "f", result: 1 }] },
    },
  ];
  await rig.text(JSON.stringify(batch));
  assertEquals(rig.frames.flat().map((frame) => frame.id ?? frame.method), [
    1,
    "function_call_request",
    "c",
    "r",
    "end",
  ]);
  assertEquals(errorIn(rig.frames.flat()[3])?.code, -32001);
  assertEquals(await results, "AbortError");
  assertEquals(rig.clock.pending, 0);
});

Deno.test("cancel() reaches a task that has not begun: it is named, then it ends", async () => {
  for (const params of [{ history: HISTORY }, { message: "hi" }]) {
    for (const phase of ["who", "begin"]) {
      const rig = new RpcRig();
      const asked = Promise.withResolvers<never>();
      if (phase === "who") rig.who = () => asked.promise;
      await rig.ask("generate", params);
      assertEquals(await cancelled(rig, {}), { cancelled: ["T1"] });
      rig.runs[0]?.refuse(new DOMException("cancelled", "AbortError"));
      if (phase === "who") asked.reject(new DOMException("whatever it says", "AbortError"));
      await settle();
      assertEquals(rig.answer(1)?.result, { session_id: "S", task_id: "T1" });
      assertEquals(rig.told("T1"), ["end:stopped:"]);
      assertEquals(rig.runs.length + rig.turns.length, phase === "who" ? 0 : 1);
    }
  }
});

Deno.test("cancel() ends all tasks of the connection, and makes room for others", async () => {
  const rig = new RpcRig();
  assertEquals(await cancelled(rig, {}), { cancelled: [] });
  await begun(rig, { message: "hi" });
  for (let n = 0; n < 8; n++) await begun(rig);
  const all = ["T1", "T2", "T3", "T4", "T5", "T6", "T7", "T8", "T9"];
  assertEquals(await cancelled(rig, { task_id: null }), { cancelled: all });
  for (const id of all) assertEquals(rig.told(id), ["end:stopped:"]);
  await begun(rig, { message: "hi" });
  for (let n = 0; n < 8; n++) await begun(rig);
  assertEquals(await cancelled(rig, { task_id: "T12" }), { cancelled: ["T12"] });
  assertEquals(rig.runs.filter(({ request }) => !request.signal.aborted).length, 7);
});

Deno.test("cancel() refuses what it does not know", async () => {
  const rig = new RpcRig();
  await begun(rig);
  assertEquals(await cancelled(rig, { task_id: "T2" }), -32001);
  assertEquals(await cancelled(rig, { task_id: 1 }), -32602);
  assertEquals(await cancelled(rig, { task: "T1" }), -32602);
  assertEquals(rig.told("T1"), []);
});

Deno.test("cancel() in the batch that begins a task: the answer, then the end", async () => {
  const rig = new RpcRig();
  const request = (id: number, method: string, params: Sent) => ({ jsonrpc: "2.0", id, method, params });
  await rig.text(JSON.stringify([request(1, "generate", { message: "hi" }), request(2, "cancel", {})]));
  assertEquals(rig.frames.length, 2);
  const [answers, end] = rig.frames;
  assertEquals<unknown>(answers, [
    { jsonrpc: "2.0", id: 1, result: { session_id: "S", task_id: "T1" } },
    { jsonrpc: "2.0", id: 2, result: { cancelled: ["T1"] } },
  ]);
  assert(end !== undefined && "method" in end);
  assertEquals(end.method, "end");
});
