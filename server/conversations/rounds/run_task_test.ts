import { assert, assertEquals, assertInstanceOf, assertRejects, assertStrictEquals } from "@std/assert";
import { GatehouseError } from "../../errors/mod.ts";
import type { RefusedCall } from "../../inference/mod.ts";
import { bill, echo, FakeInference, newTask, START, STOP, text, toolCall } from "./rounds_fixture.ts";
import { RefusedError } from "./refused_error.ts";
import { runTask } from "./run_task.ts";

const EMPTY = { text: "", toolCalls: [], finishReason: null, model: "m1", bill: null, historyFrom: null };

Deno.test("runTask() without tools is one call: text and refusal are told, reasoning and other choices are not", async () => {
  const inference = new FakeInference([
    START,
    { type: "reasoning", choice: 0, text: "hm" },
    text("he"),
    text("x", 1),
    { type: "finish", choice: 1, reason: "length" },
    { type: "refusal", choice: 0, text: "no" },
    STOP,
  ]);
  const { task, script, texts } = newTask({ fields: { temperature: 0 } });
  script.historyFrom = "01H";
  const outcome = await runTask(task, { inference });
  assertEquals(outcome, {
    said: {
      text: "heno",
      toolCalls: [],
      status: "complete",
      finishReason: "stop",
      model: "m1-2026",
      bill: bill(10),
      historyFrom: "01H",
    },
    usage: bill(10),
    headers: {},
    failure: null,
  });
  assertEquals([texts, script.told], [["he", "no"], []]);
  const [call] = inference.calls;
  assertEquals([call?.body, call?.stream], [{ temperature: 0, messages: [{ role: "user", content: "hi" }] }, true]);
});

Deno.test("runTask() takes no more of an upstream's model name than a record holds", async () => {
  const inference = new FakeInference([{ type: "start", id: null, model: "m".repeat(100_000) }, text("a"), STOP]);
  const { task } = newTask();
  assertEquals((await runTask(task, { inference })).said.model, "m".repeat(200));
});

Deno.test("runTask() goes on as long as the model asks for tools: each round is kept before the next", async () => {
  const inference = new FakeInference(
    [
      text("let me see"),
      toolCall(0, "a", "f", '{"x"'),
      toolCall(1, "b", "g"),
      toolCall(0, undefined, undefined, ":1}"),
    ],
    [toolCall(0, "c", "f"), { type: "finish", choice: 0, reason: "tool_calls" }],
    [START, text("done"), STOP],
  );
  inference.bills = [bill(10), bill(20, true), bill(30)];
  const admitted: number[] = [];
  const { task, script, texts } = newTask({
    tools: [{ name: "f", description: "d" }],
    callTools: echo,
  }, { onAdmitted: () => void admitted.push(inference.calls.length) });
  const { said, usage, failure } = await runTask(task, { inference });
  assertEquals([said.text, said.status, said.bill, failure], ["done", "complete", bill(30), null]);
  assertEquals(usage, {
    usage: { prompt_tokens: 57, completion_tokens: 3, total_tokens: 60, estimated: true },
    cost: { micros: 60, currency: "USD" },
  });
  const calls = [{ id: "a", name: "f", arguments: '{"x":1}' }, { id: "b", name: "g", arguments: "{}" }];
  assertEquals(script.told, [
    { ...EMPTY, text: "let me see", toolCalls: calls, status: "complete", bill: bill(10) },
    [{ toolCallId: "a", content: "a" }, { toolCallId: "b", content: "b" }],
    {
      ...EMPTY,
      toolCalls: [{ id: "c", name: "f", arguments: "{}" }],
      status: "complete",
      finishReason: "tool_calls",
      bill: bill(20, true),
    },
    [{ toolCallId: "c", content: "c" }],
  ]);
  assertEquals([texts, admitted], [["let me see", "done"], [1]]);
  const user = { role: "user", content: "hi" };
  const tools = [{ type: "function", function: { name: "f", description: "d" } }];
  assertEquals(inference.calls.map(({ body }) => body), [
    { messages: [user], tools },
    { messages: [user, { role: "assistant" }, { role: "tool", n: 2 }], tools },
    {
      messages: [user, { role: "assistant" }, { role: "tool", n: 2 }, { role: "assistant" }, { role: "tool", n: 1 }],
      tools,
    },
  ]);
});

Deno.test("runTask() has no cost where a round has none, and a reply that nobody can make calls for is the last", async () => {
  const inference = new FakeInference([toolCall(0, "a", "f")], [STOP]);
  inference.bills = [bill(10), bill(20, false, null)];
  const { usage } = await runTask(newTask({ callTools: echo }).task, { inference });
  assertEquals(usage, {
    usage: { prompt_tokens: 28, completion_tokens: 2, total_tokens: 30, estimated: false },
    cost: null,
  });

  const { task, script } = newTask();
  const { said } = await runTask(task, { inference: new FakeInference([toolCall(0, "a", "f")]) });
  assertEquals([said.status, said.toolCalls.length, script.told], ["complete", 1, []]);
});

Deno.test("runTask() gives each call an id of its own, and keeps one without a name", async () => {
  const inference = new FakeInference(
    [toolCall(0, "same", "f"), toolCall(1, "same", "g"), toolCall(2), toolCall(3, "call_2", "h")],
    [toolCall(0, "same", "f"), toolCall(1, "new", "f")],
    [STOP],
  );
  const asked: (readonly [string, string])[][] = [];
  const { task } = newTask({
    callTools: (calls, signal) => {
      asked.push(calls.map(({ id, name }) => [id, name]));
      return echo(calls, signal);
    },
  });
  await runTask(task, { inference });
  assertEquals(asked, [
    [["same", "f"], ["same_1", "g"], ["call_2", ""], ["call_2_3", "h"]],
    [["same_4", "f"], ["new", "f"]],
  ]);
});

Deno.test("what belongs to the client's one request goes with the first round alone", async () => {
  const choices = ["required", { type: "function", function: { name: "f" } }, "auto", "none", {
    type: "allowed_tools",
  }];
  for (const [index, tool_choice] of choices.entries()) {
    const inference = new FakeInference([toolCall(0, "a", "f")], [STOP]);
    const headers = [["idempotency-key", "k"], ["traceparent", "t"]] as const;
    const { task } = newTask({ fields: { tool_choice }, callTools: echo }, { headers });
    await runTask(task, { inference, clock: { monotonic: () => 77 } });
    assertEquals(inference.calls.map(({ headers, startedAt }) => [headers, startedAt]), [
      [[["idempotency-key", "k"], ["traceparent", "t"]], 5],
      [[["traceparent", "t"]], 77],
    ]);
    assertEquals(inference.calls.map(({ body }) => body.tool_choice), [
      tool_choice,
      index < 2 ? undefined : tool_choice,
    ]);
  }
});

Deno.test("runTask() refuses fields that are not the caller's before anything is sent", async () => {
  for (const name of ["messages", "model", "stream", "stream_options", "tools", "Model", "TOOLS"]) {
    const inference = new FakeInference();
    const { task } = newTask({ fields: { seed: 1, [name]: null } });
    const error = await assertRejects(() => runTask(task, { inference }), GatehouseError, `\`${name}\``);
    assertEquals([error.code, error.param, inference.calls.length], ["invalid_field", name, 0]);
  }
});

Deno.test("a refusal of the upstream is a failure that shows nothing of its body", async () => {
  const body = new TextEncoder().encode("secret body");
  const refusal: RefusedCall = { kind: "refused", status: 429, headers: { "retry-after": "7" }, body };
  const inference = new FakeInference(refusal);
  inference.bills = [bill(1)];
  const { said, usage, failure } = await runTask(newTask().task, { inference });
  assertInstanceOf(failure, RefusedError);
  assertEquals(failure.refused, refusal);
  assertEquals([said, usage], [{ ...EMPTY, status: "failed", bill: bill(1) }, bill(1)]);
  assert(failure.message.includes("429"));
  for (const shown of [failure.message, JSON.stringify(failure), Deno.inspect(failure)]) {
    assert(!shown.includes("secret") && !shown.includes("115, 101"));
  }
});

Deno.test("runTask() hands on the headers of the last round's answer, and none where it has no answer", async () => {
  const first = { "content-type": "text/event-stream", "x-request-id": "r1", "x-own": "1" };
  const second = { "Content-Type": "application/json", "x-request-id": "r2" };
  const rounds = [[toolCall(0, "a", "f")], [text("half"), new Error("cut off")]];
  for (const [answers, wanted] of [[rounds, { "x-request-id": "r2" }], [[...rounds.slice(0, 1)], {}]] as const) {
    const inference = new FakeInference(...answers);
    inference.headers = [first, second];
    const { headers, failure } = await runTask(newTask({ callTools: echo }).task, { inference });
    assertEquals([headers, failure !== null], [wanted, true]);
  }
  const inference = new FakeInference([STOP]);
  inference.headers = [first];
  assertEquals((await runTask(newTask().task, { inference })).headers, { "x-request-id": "r1", "x-own": "1" });
});

Deno.test("what goes wrong is the failure, with what was said until then; calls of a broken round are not kept", async () => {
  const cut = new GatehouseError("upstream_truncated", "cut off");
  const inference = new FakeInference([text("he"), toolCall(0, "a", "f", "{"), text("y"), cut]);
  const { task, texts } = newTask({ callTools: echo });
  const { said, usage, failure } = await runTask(task, { inference });
  assertStrictEquals(failure, cut);
  assertEquals([said, usage], [{ ...EMPTY, text: "hey", status: "failed", bill: bill(10) }, bill(10)]);
  assertEquals(texts.join(""), "hey");

  const busy = new GatehouseError("session_busy", "busy");
  const refused = new FakeInference([STOP]);
  const outcome = await runTask(newTask({}, { onAdmitted: () => Promise.reject(busy) }).task, { inference: refused });
  assertEquals(outcome, { said: { ...EMPTY, status: "failed" }, usage: null, headers: {}, failure: busy });
});

Deno.test("what the script or the tools throw is the failure; a round that was handed over is not said twice", async () => {
  const fault = new GatehouseError("storage_unavailable", "no store");
  const fail = () => Promise.reject(fault);
  const cases = [
    { broken: "window", said: { ...EMPTY }, bills: 0 },
    { broken: "said", said: { ...EMPTY, text: "a", bill: bill(10) }, bills: 1 },
    { broken: "callTools", said: EMPTY, bills: 1 },
    { broken: "answered", said: EMPTY, bills: 1 },
  ] as const;
  for (const { broken, said, bills } of cases) {
    const inference = new FakeInference([text("a"), toolCall(0, "a", "f")]);
    const { task, script } = newTask({ callTools: broken === "callTools" ? fail : echo });
    if (broken !== "callTools") script[broken] = fail;
    const outcome = await runTask(task, { inference });
    assertEquals([outcome.said, outcome.failure], [{ ...said, status: "failed" }, fault], broken);
    assertEquals(outcome.usage, bills === 0 ? null : bill(10));
  }
  const { task } = newTask({
    onText: () => {
      throw "no error";
    },
  }); // deno-lint-ignore no-throw-literal -- foreign code may
  const inference = new FakeInference([text("a"), text("b")]);
  const { said, failure } = await runTask(task, { inference });
  assertEquals([said.text, failure instanceof Error, inference.open], ["a", true, 0]);
});

Deno.test("runTask() ends a reply that is too long, that asks for too much at once, or for ever", async () => {
  const mebi = text("ü".repeat(512 * 1024));
  const tooLong = new FakeInference([...Array(16).fill(mebi), text("x"), text("y")]);
  const { task, texts } = newTask();
  const long = await runTask(task, { inference: tooLong });
  assertInstanceOf(long.failure, GatehouseError);
  assertEquals([long.failure.code, long.said.status, tooLong.open], ["upstream_failed", "failed", 0]);
  assertEquals([texts.length, long.said.text.length], [16, 8 * 1024 * 1024]);
  assert(long.failure.message.includes("16 MiB"));

  const many = new FakeInference(Array.from({ length: 129 }, (_, i) => toolCall(i, `t${i}`, "f")));
  const { failure } = await runTask(newTask({ callTools: echo }).task, { inference: many });
  assert(failure?.message.includes("128 tool calls"));

  const endless = new FakeInference(...Array.from({ length: 200 }, () => [toolCall(0, "a", "f")]));
  const { task: loop, script } = newTask({ callTools: echo });
  const ended = await runTask(loop, { inference: endless });
  assertEquals([endless.calls.length, script.told.length, ended.said.status], [100, 198, "failed"]);
  assertInstanceOf(ended.failure, GatehouseError);
  assertEquals([ended.failure.code, ended.usage?.usage.total_tokens], ["upstream_failed", 1000]);
});
