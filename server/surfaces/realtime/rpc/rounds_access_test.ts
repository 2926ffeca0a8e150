import { assert, assertEquals } from "@std/assert";
import { LOCAL_USER } from "../../../accounts/mod.ts";
import { settle } from "../../../effects/fake_clock.ts";
import { GatehouseError } from "../../../errors/mod.ts";
import { errorIn, RpcRig, type Run, toolCall } from "./rpc_fixture.ts";

const KINDS = [{ history: [{ role: "user", content: "hi" }] }, { message: "hi" }] as const;
const REVOKED = new GatehouseError("invalid_api_key", "Cannot x");

/** A task whose model has asked for a tool, and what comes of that. */
async function asking(rig: RpcRig, params: Readonly<Record<string, unknown>>) {
  await rig.ask("generate", params);
  const run: Run<unknown> | undefined = "message" in params ? rig.turns.at(-1) : rig.runs.at(-1);
  assert(run !== undefined);
  run.admit();
  await settle();
  const results = run.call(toolCall("c")).then((given) => given.length, (thrown: Error) => {
    run.fail(thrown);
    return thrown;
  });
  await settle();
  return { results };
}

const give = (rig: RpcRig, id = "T1") =>
  rig.ask("tool_result", { task_id: id, results: [{ tool_call_id: "c", tool_name: "f", result: 1 }] });

Deno.test("a task's model does not go on once its holder may not pass any more, and the connection closes", async () => {
  for (const params of KINDS) {
    const rig = new RpcRig();
    const { results } = await asking(rig, params);
    rig.who = () => Promise.reject(REVOKED);
    await give(rig);
    assertEquals(await results, REVOKED);
    await settle();
    assertEquals(rig.told("T1").at(-1), "error:-32004");
    assertEquals(rig.closed?.[0], 1008);
  }
});

Deno.test("a task's model goes on where its holder still may, however long the tools took", async () => {
  for (const params of KINDS) {
    const rig = new RpcRig();
    const { results } = await asking(rig, params);
    await give(rig);
    assertEquals([await results, rig.closed], [1, null]);
    rig.leave();
    await settle();
  }
});

Deno.test("a task ends where nobody can say whether its holder may pass, and the connection stays", async () => {
  const rig = new RpcRig();
  const { results } = await asking(rig, KINDS[0]);
  rig.who = () => Promise.reject(new GatehouseError("storage_unavailable", "Cannot x"));
  await give(rig);
  assert(await results instanceof GatehouseError);
  await settle();
  assertEquals([rig.told("T1").at(-1), rig.closed], ["error:-32603", null]);
  rig.who = () => Promise.resolve(LOCAL_USER);
  assertEquals(errorIn(await rig.ask("cancel", {})), undefined);
});
