import { assert, assertEquals } from "@std/assert";
import { settle } from "../../../effects/fake_clock.ts";
import { errorIn, RpcRig, toolCall } from "./rpc_fixture.ts";

Deno.test("a task's results are 16 MiB together at most: each waits in memory for the rounds to come", async () => {
  const rig = new RpcRig();
  await rig.ask("generate", { history: [{ role: "user", content: "hi" }] });
  const run = rig.runs[0];
  assert(run !== undefined);
  run.admit();
  await settle();
  const give = (result: unknown) =>
    rig.ask("tool_result", { task_id: "T1", results: [{ tool_call_id: "c", tool_name: "f", result }] });
  const long = "x".repeat(1024 * 1024 - 100);
  for (let round = 0; round < 16; round++) {
    const results = run.call(toolCall("c"));
    assertEquals(errorIn(await give(long)), undefined, `round ${round}`);
    assertEquals((await results).length, 1);
  }
  const results = run.call(toolCall("c"));
  assertEquals(errorIn(await give(long))?.data, { code: "invalid_field", param: "results" });
  // The call waits on, and a short one is still taken.
  assertEquals((await give("short"))?.result, { task_id: "T1", accepted: 1 });
  assertEquals((await results).length, 1);
  run.end();
  await settle();
});
