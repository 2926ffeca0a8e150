import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { GatehouseError } from "../../../errors/mod.ts";
import { RpcRig, toolCall } from "./rpc_fixture.ts";

type Step = { readonly what: typeof STEPS[number]; readonly which: number; readonly waits: boolean };

const STEPS = [
  "history",
  "message",
  "batch",
  "admit",
  "refuse",
  "say",
  "ask",
  "give",
  "end",
  "fail",
  "cancel",
] as const;

const step: fc.Arbitrary<Step> = fc.record({
  what: fc.constantFrom(...STEPS),
  which: fc.nat({ max: 9 }),
  waits: fc.boolean(),
});

/** Lets promises settle; nothing here waits for more. */
async function turn(): Promise<void> {
  for (let i = 0; i < 30; i++) await null;
}

/** Does one step, where there is something to do it to. */
function take(rig: RpcRig, { what, which }: Step, id: number): void {
  const runs = [...rig.runs, ...rig.turns];
  const run = runs[which % Math.max(1, runs.length)];
  const request = (method: string, params: unknown, n = 0) => ({ jsonrpc: "2.0", id: id + n / 10, method, params });
  const send = (value: unknown) => rig.handler.onText(JSON.stringify(value));
  const task_id = `T${which + 1}`;
  const history = request("generate", { history: [{ role: "user" }] });
  switch (what) {
    case "history":
      return send(history);
    case "message":
      return send(request("generate", { message: "hi" }));
    case "batch":
      return send([history, request("cancel", { task_id }, 1), request("generate", { message: "hi" }, 2)]);
    case "admit":
      return run?.admit();
    case "refuse":
      return run?.refuse(new GatehouseError("budget_exceeded", "Cannot x"));
    case "say":
      return run?.say("x");
    case "ask":
      return void run?.call(toolCall("c")).catch(() => {});
    case "give":
      return send(request("tool_result", { task_id, results: [{ tool_call_id: "c", tool_name: "f", result: 1 }] }));
    case "end":
      return run?.end();
    case "fail":
      return run?.fail(new GatehouseError("upstream_failed", "Cannot x"));
    case "cancel":
      return send(request("cancel", which === 9 ? {} : { task_id }));
  }
}

Deno.test("rpcProtocol() names each task once, then tells of it, then its end, whatever the order of things", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 40 }), async (steps) => {
      const rig = new RpcRig();
      for (const [index, step] of steps.entries()) {
        take(rig, step, index);
        if (step.waits) await turn();
      }
      for (const run of [...rig.runs, ...rig.turns]) run.admit();
      await turn();
      rig.handler.onText('{"jsonrpc":"2.0","method":"cancel"}');
      await turn();

      const named = new Set<unknown>();
      const ended = new Set<unknown>();
      const answered = new Set<unknown>();
      for (const { id, method, params, result } of rig.frames.flat()) {
        if (id !== undefined) {
          assert(!answered.has(id), "a request is answered once");
          answered.add(id);
        }
        if (isFields(result) && "session_id" in result) named.add(result.task_id);
        if (!isFields(params)) continue;
        assert(named.has(params.task_id), "told of before it was named");
        assert(!ended.has(params.task_id), "told of after its end");
        if (method === "end" || method === "error") ended.add(params.task_id);
      }
      assertEquals(ended, named);
      assertEquals(rig.logged, []);
      rig.handler.onDrain();
      assertEquals(rig.closed?.[0], 1001, "nothing is left");
    }),
    { numRuns: 150 },
  );
});

function isFields(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}
