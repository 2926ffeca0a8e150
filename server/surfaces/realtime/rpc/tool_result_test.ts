import { assert, assertEquals } from "@std/assert";
import { settle } from "../../../effects/fake_clock.ts";
import { errorIn, RpcRig, toolCall } from "./rpc_fixture.ts";

const MINUTE = 60_000;

/** Task `T1` under way. */
async function running(rig: RpcRig, params: Record<string, unknown> = { history: [{ role: "user" }] }) {
  await rig.ask("generate", params);
  const run = [...rig.runs, ...rig.turns][0];
  assert(run !== undefined);
  run.admit();
  await settle();
  return run;
}

const result = (id: string, value: unknown, name = "f") => ({ tool_call_id: id, tool_name: name, result: value });

async function accepted(rig: RpcRig, ...results: readonly unknown[]) {
  const answer = await rig.ask("tool_result", { task_id: "T1", results });
  return answer?.result ?? errorIn(answer)?.code;
}

Deno.test("toolResult() gives all calls of a round their results before the model goes on, round after round", async () => {
  for (const params of [{ history: [{ role: "user" }] }, { message: "hi" }]) {
    const rig = new RpcRig();
    const run = await running(rig, params);
    run.say("Let me see");
    const first = run.call(toolCall("a", "f", '{"x":1}'), toolCall("b", "g", "[1]"), toolCall("c", "f", " "));
    await settle();
    const requests = rig.frames.flat().filter((frame) => frame.method === "function_call_request");
    assertEquals(requests.map((frame) => frame.params), [
      { session_id: "S", task_id: "T1", request_id: "a", tool_name: "f", parameters: { x: 1 } },
      { session_id: "S", task_id: "T1", request_id: "b", tool_name: "g", parameters: { _raw: "[1]" } },
      { session_id: "S", task_id: "T1", request_id: "c", tool_name: "f", parameters: {} },
    ]);
    let goesOn = false;
    first.then(() => goesOn = true);
    assertEquals(await accepted(rig, result("c", { y: [2] })), { task_id: "T1", accepted: 1 });
    assertEquals(goesOn, false);
    const failed = { tool_call_id: "b", tool_name: "g", is_error: true, error_message: "no such file" };
    assertEquals(await accepted(rig, failed, result("a", "text")), { task_id: "T1", accepted: 2 });
    assertEquals(await first, [
      { toolCallId: "a", content: "text" },
      { toolCallId: "b", content: "Error: no such file" },
      { toolCallId: "c", content: '{"y":[2]}' },
    ]);
    const second = run.call(toolCall("d"));
    assertEquals(await accepted(rig, result("d", null)), { task_id: "T1", accepted: 1 });
    assertEquals(await second, [{ toolCallId: "d", content: "null" }]);
    run.say("Done");
    run.end();
    await settle();
    assertEquals(rig.told("T1"), [
      "text_chunk:Let me see",
      ...["a", "b", "c", "d"].map((id) => `function_call_request:${id}`),
      "text_chunk:Done",
      "end:complete:Done",
    ]);
    assertEquals(rig.clock.pending, 0);
  }
});

Deno.test("toolResult() counts only what a call was waiting for", async () => {
  const rig = new RpcRig();
  const run = await running(rig);
  assertEquals(await accepted(rig, result("a", 1)), { task_id: "T1", accepted: 0 }, "no call waits yet");
  const results = run.call(toolCall("a"), toolCall("b"));
  assertEquals(await accepted(rig), { task_id: "T1", accepted: 0 });
  assertEquals(await accepted(rig, result("x", 1), result("a", 1), result("a", 2)), { task_id: "T1", accepted: 1 });
  assertEquals(await accepted(rig, result("a", 3)), { task_id: "T1", accepted: 0 });
  assertEquals(await accepted(rig, result("b", 4)), { task_id: "T1", accepted: 1 });
  assertEquals(await results, [{ toolCallId: "a", content: "1" }, { toolCallId: "b", content: "4" }]);
  assertEquals(await accepted(rig, result("b", 5)), { task_id: "T1", accepted: 0 }, "the round is over");
  run.end();
  await settle();
  assertEquals(await accepted(rig, result("a", 1)), -32001, "the task has ended");
});

Deno.test("toolResult() takes nothing of a request that is wrong, and names what is", async () => {
  const rig = new RpcRig();
  const run = await running(rig);
  const results = run.call(toolCall("a", "f"), toolCall("b", "g"));
  const ok = result("a", 1);
  const rows: [Record<string, unknown>, string][] = [
    [{ results: [ok] }, "task_id"],
    [{ task_id: 1, results: [ok] }, "task_id"],
    [{ task_id: "T1" }, "results"],
    [{ task_id: "T1", results: ok }, "results"],
    [{ task_id: "T1", results: [ok], more: 1 }, "more"],
    [{ task_id: "T1", results: [ok, 1] }, "results.1"],
    [{ task_id: "T1", results: [ok, result("b", 2, "f")] }, "results.1.tool_name"],
    [{ task_id: "T1", results: [{ tool_call_id: "a", result: 1 }] }, "results.0.tool_name"],
    [{ task_id: "T1", results: [{ tool_name: "f", result: 1 }] }, "results.0.tool_call_id"],
    [{ task_id: "T1", results: [{ tool_call_id: "a", tool_name: "f" }] }, "results.0.result"],
    [{ task_id: "T1", results: [{ ...ok, is_error: 1 }] }, "results.0.is_error"],
    [{ task_id: "T1", results: [{ ...ok, is_error: true, error_message: "x" }] }, "results.0.result"],
    [{ task_id: "T1", results: [{ ...ok, result: null, is_error: true }] }, "results.0.error_message"],
    [{ task_id: "T1", results: [{ ...ok, error_message: "x" }] }, "results.0.error_message"],
    [{ task_id: "T1", results: [{ ...ok, id: "x" }] }, "results.0.id"],
  ];
  for (const [params, param] of rows) {
    const error = errorIn(await rig.ask("tool_result", params));
    assertEquals([error?.code, error?.data], [-32602, { code: "invalid_field", param }], JSON.stringify(params));
  }
  assertEquals(await accepted(rig, ok, { ...result("b", 2, "g"), is_error: false, error_message: null }), {
    task_id: "T1",
    accepted: 2,
  });
  await results;
});

Deno.test("toolResult() knows no task of another connection, and none that never was", async () => {
  const rig = new RpcRig();
  for (const task_id of ["", "T1", "T2", "__proto__"]) {
    assertEquals(await rig.refused("tool_result", { task_id, results: [] }), -32001);
  }
});

Deno.test("toolResult() is awaited for five minutes, then the task ends with an error", async () => {
  const rig = new RpcRig();
  const run = await running(rig);
  run.call(toolCall("a"), toolCall("b")).catch((failure) => run.fail(failure));
  await rig.clock.advance(4 * MINUTE);
  assertEquals(await accepted(rig, result("a", 1)), { task_id: "T1", accepted: 1 });
  await rig.clock.advance(4 * MINUTE);
  assertEquals(rig.told("T1").at(-1), "function_call_request:b", "a result starts the time anew");
  await rig.clock.advance(MINUTE);
  assertEquals(rig.told("T1").at(-1), "error:-32003");
  const params = rig.frames.flat().at(-1)?.params;
  assert(JSON.stringify(params).includes('"code":"tool_results_missing"'));
  assertEquals(await accepted(rig, result("b", 1)), -32001, "too late");
});
