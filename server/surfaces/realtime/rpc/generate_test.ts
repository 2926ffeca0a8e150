import { assert, assertEquals } from "@std/assert";
import { GatehouseError } from "../../../errors/mod.ts";
import { settle } from "../../../effects/fake_clock.ts";
import { errorIn, RpcRig, toolCall, USAGE } from "./rpc_fixture.ts";

const HISTORY = [{ role: "user", content: "hi" }];

/** Begins a task that is let through at once. */
async function begun(rig: RpcRig, params: Record<string, unknown> = { history: HISTORY }) {
  const answer = await rig.ask("generate", params);
  assertEquals(answer, undefined, "a task is named once it is let through");
  const run = "message" in params ? rig.turns.at(-1) : rig.runs.at(-1);
  assert(run !== undefined);
  run.admit();
  await settle();
  return run;
}

Deno.test("generate() names a stateless task, then tells its text and its end", async () => {
  const rig = new RpcRig();
  const run = await begun(rig, {
    history: HISTORY,
    model: "m",
    temperature: 0.5,
    max_new_tokens: 9,
    system_prompt: "Be brief",
    seed: 7,
    stop: null,
  });
  run.say("Hel");
  run.say("lo");
  run.end();
  await settle();
  const task = { session_id: "S", task_id: "T1" };
  const note = (method: string, params: Record<string, unknown>) => ({
    jsonrpc: "2.0",
    method,
    params: { ...task, ...params },
  });
  assertEquals<unknown>(rig.frames, [
    { jsonrpc: "2.0", id: 1, result: task },
    note("text_chunk", { chunk: "Hel" }),
    note("text_chunk", { chunk: "lo" }),
    note("end", { status_message: "complete", final_text: "Hello", usage: USAGE }),
  ]);
  const [request] = rig.runs.map((run) => run.request);
  assertEquals(request?.messages, [{ role: "system", content: "Be brief" }, ...HISTORY]);
  assertEquals(request?.settings, { model: "m", temperature: 0.5, maxTokens: 9, topP: null });
  assertEquals(request?.fields, { seed: 7 });
  assertEquals(request?.headers, [["user-agent", "x"]]);
});

Deno.test("generate() runs a message as a turn of the session, and one at a time", async () => {
  const rig = new RpcRig();
  const run = await begun(rig, { message: "hi", system_prompt: "Be brief", top_p: 1, tools: [{ name: "f" }] });
  const [request] = rig.turns.map((turn) => turn.request);
  assertEquals([request?.sessionId, request?.content, request?.grace], ["S", "hi", null]);
  assertEquals(request?.settings, { systemPrompt: "Be brief", topP: 1 });
  assertEquals(request?.tools, [{ name: "f" }]);
  assertEquals(await rig.refused("generate", { message: "again" }), -32002);
  assertEquals(rig.turns.length, 1);
  run.say("Hello");
  run.end();
  await settle();
  assertEquals(rig.told("T1"), ["text_chunk:Hello", "end:complete:Hello"]);
  const next = await begun(rig, { message: "again" });
  assertEquals("tools" in next.request, false, "the room below asks the session for its tools");
});

Deno.test("generate() says why a reply is at its end", async () => {
  const rows = [["stop", "complete"], [null, "complete"], ["tool_calls", "complete"], ["length", "length"]] as const;
  for (const params of [{ history: HISTORY }, { message: "hi" }]) {
    for (const [finishReason, status] of rows) {
      const rig = new RpcRig();
      const run = await begun(rig, params);
      run.end({ finishReason });
      await settle();
      assertEquals(rig.told("T1"), [`end:${status}:`]);
    }
    const rig = new RpcRig();
    (await begun(rig, params)).end({ status: "stopped" });
    await settle();
    assertEquals(rig.told("T1"), ["end:stopped:"], "somebody stopped the turn elsewhere");
  }
});

Deno.test("generate() answers with what refuses the task", async () => {
  const rows = [
    ["session_busy", -32002],
    ["model_not_found", -32602],
    ["model_not_allowed", -32004],
    ["rate_limit_exceeded", -32004],
    ["not_found", -32004],
    ["storage_unavailable", -32603],
    ["reauth_required", -32003],
  ] as const;
  for (const params of [{ history: HISTORY }, { message: "hi" }]) {
    for (const [code, expected] of rows) {
      const rig = new RpcRig();
      await rig.ask("generate", params);
      [...rig.runs, ...rig.turns][0]?.refuse(new GatehouseError(code, "Cannot x", { retryAfterSeconds: 3 }));
      await settle();
      assertEquals(errorIn(rig.answer(1)), { code: expected, message: "Cannot x", data: { code, retry_after: 3 } });
      assertEquals(rig.frames.length, 1, "and with nothing more");
      await begun(rig, params);
    }
  }
  const rig = new RpcRig();
  await rig.ask("generate", { history: HISTORY });
  rig.runs[0]?.fail(new GatehouseError("budget_exceeded", "Cannot x"));
  await settle();
  assertEquals(errorIn(rig.answer(1))?.code, -32004, "not let through: an answer, and no notification");
});

Deno.test("generate() tells of a failure once the task runs, and hides our own faults", async () => {
  for (const params of [{ history: HISTORY }, { message: "hi" }]) {
    const rig = new RpcRig();
    (await begun(rig, params)).fail(new GatehouseError("upstream_truncated", "Cannot x"));
    await settle();
    assertEquals(rig.told("T1"), ["error:-32003"]);
    (await begun(rig, params)).fail(new TypeError("secret"));
    await settle();
    assertEquals(rig.told("T2"), ["error:-32603"]);
    assertEquals(rig.logged.length, 1);
    assert(!JSON.stringify(rig.frames).includes("secret"));
  }
});

Deno.test("generate() runs eight stateless tasks at once beside a turn, and no ninth", async () => {
  const rig = new RpcRig();
  await begun(rig, { message: "hi" });
  for (let n = 0; n < 8; n++) await begun(rig);
  assertEquals(await rig.refused("generate", { history: HISTORY }), -32002);
  rig.runs[3]?.say("of the fourth");
  rig.runs[3]?.end();
  await settle();
  assertEquals(rig.told("T5"), ["text_chunk:of the fourth", "end:complete:of the fourth"]);
  await begun(rig);
  assertEquals(await rig.refused("generate", { history: HISTORY }), -32002);
});

Deno.test("generate() counts the tasks that are just beginning", async () => {
  const rig = new RpcRig();
  const line = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "generate", params: { history: HISTORY } });
  for (let n = 0; n < 9; n++) rig.handler.onText(line);
  await settle();
  assertEquals(rig.frames.flat().map((frame) => errorIn(frame)?.code), [-32002]);
  assertEquals(rig.runs.length, 8);
});

Deno.test("generate() gives its result before anything of the task, in a batch and whatever the order below", async () => {
  const rig = new RpcRig();
  const request = (id: number) => ({ jsonrpc: "2.0", id, method: "generate", params: { history: HISTORY } });
  await rig.text(JSON.stringify([request(1), request(2)]));
  const [first, second] = rig.runs;
  first?.admit();
  first?.say("a");
  first?.call(toolCall("c")).catch(() => {});
  first?.end();
  await settle();
  assertEquals(rig.frames, [], "the batch waits for its second task");
  second?.admit();
  second?.say("b");
  await settle();
  assert(Array.isArray(rig.frames[0]));
  assertEquals(rig.told("T1"), ["text_chunk:a", "function_call_request:c", "end:complete:"]);
  assertEquals(rig.told("T2"), ["text_chunk:b"]);
});

Deno.test("generate() carries out a notification without an answer", async () => {
  const rig = new RpcRig();
  await rig.text(JSON.stringify({ jsonrpc: "2.0", method: "generate", params: { history: HISTORY } }));
  rig.runs[0]?.admit();
  rig.runs[0]?.say("a");
  rig.runs[0]?.end();
  await settle();
  assertEquals(rig.told("T1"), ["text_chunk:a", "end:complete:a"]);
  assertEquals(rig.frames.length, 2);
});

Deno.test("generate() closes the connection of somebody who may not pass any more", async () => {
  const rig = new RpcRig();
  const running = await begun(rig);
  rig.who = () => Promise.reject(new GatehouseError("invalid_api_key", "Cannot x"));
  assertEquals(errorIn(await rig.ask("generate", { history: HISTORY })), {
    code: -32004,
    message: "Cannot x",
    data: { code: "invalid_api_key" },
  });
  assertEquals(rig.closed?.[0], 1008);
  assert(running.request.signal.aborted);
  assertEquals(rig.runs.length, 1);

  const other = new RpcRig();
  other.who = () => Promise.reject(new GatehouseError("storage_unavailable", "Cannot x"));
  assertEquals(await other.refused("generate", { history: HISTORY }), -32603);
  assertEquals(other.closed, null, "it may be a passing failure");
});

Deno.test("generate() ends all tasks when the client leaves, in every phase", async () => {
  const rig = new RpcRig();
  const running = await begun(rig);
  const waiting = await begun(rig);
  const results = waiting.call(toolCall("c")).catch((thrown) => thrown.name);
  await rig.ask("generate", { message: "just beginning" });
  const asked = Promise.withResolvers<never>();
  rig.who = () => asked.promise;
  await rig.ask("generate", { history: HISTORY });
  const frames = rig.frames.length;
  rig.leave();
  asked.reject(new GatehouseError("invalid_token", "Cannot x"));
  await settle();
  assert(running.request.signal.aborted && waiting.request.signal.aborted);
  assertEquals(await results, "AbortError");
  assert(rig.turns[0]?.request.signal.aborted);
  assertEquals(rig.frames.length, frames);
  assertEquals(rig.runs.length, 2);
  assertEquals(rig.clock.pending, 0);
});

Deno.test("generate() takes no new task while the server stops, and the last one closes the connection", async () => {
  const rig = new RpcRig();
  const run = await begun(rig);
  rig.handler.onDrain();
  const answer = errorIn(await rig.ask("generate", { history: HISTORY }));
  assertEquals([answer?.code, answer?.data], [-32003, { code: "draining", retry_after: 5 }]);
  assertEquals(rig.closed, null);
  run.end();
  await settle();
  assertEquals(rig.told("T1"), ["end:complete:"]);
  assertEquals(rig.closed?.[0], 1001);

  const idle = new RpcRig();
  idle.handler.onDrain();
  assertEquals(idle.closed?.[0], 1001);

  const beginning = new RpcRig();
  await beginning.ask("generate", { history: HISTORY });
  beginning.handler.onDrain();
  beginning.runs[0]?.refuse(new GatehouseError("model_not_found", "Cannot x"));
  await settle();
  assertEquals(errorIn(beginning.answer(1))?.code, -32602, "answered before it is closed");
  assertEquals(beginning.closed?.[0], 1001);
});
