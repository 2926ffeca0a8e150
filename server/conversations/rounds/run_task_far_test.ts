import { assert, assertEquals, assertInstanceOf } from "@std/assert";
import { FakeClock, settle } from "../../effects/fake_clock.ts";
import { GatehouseError } from "../../errors/mod.ts";
import { chunk, DONE, events, Feed, FINISH, json, left, silence, USAGE } from "../../testing/mod.ts";
import { createToolDesk } from "../tools/create_tool_desk.ts";
import { Far } from "./far_fixture.ts";
import { RefusedError } from "./refused_error.ts";
import { newTask } from "./rounds_fixture.ts";
import { runTask } from "./run_task.ts";

const USED = { prompt_tokens: 5, completion_tokens: 2, total_tokens: 7, estimated: false };
const asks = (...calls: readonly unknown[]) =>
  `data: {"id":"c","choices":[{"index":0,"delta":{"tool_calls":${JSON.stringify(calls)}}}]}\n\n`;

Deno.test("a task goes through two rounds and a desk, and asks the upstream what it must", async () => {
  await using far = new Far();
  far.mock.answer = () =>
    far.mock.calls.length === 1
      ? events(
        chunk("look").replace('"id":"c"', '"id":"c","model":"m1-x"'),
        asks({ index: 0, id: "a", function: { name: "f", arguments: '{"x"' } }),
        asks({ index: 1, id: "b", function: { name: "g", arguments: "" } }, {
          index: 0,
          function: { arguments: ":1}" },
        }),
        FINISH,
        USAGE,
        DONE,
      )
      : events(chunk("done"), FINISH, USAGE, DONE);
  const desk = createToolDesk({ clock: new FakeClock() });
  const { task, script, texts } = newTask({
    fields: { seed: 7 },
    tools: [{ name: "f", parameters: { type: "object" } }],
    callTools(calls, signal) {
      const asked = desk.ask(calls, signal);
      desk.give([{ toolCallId: "b", toolName: "g", errorMessage: "none" }]);
      desk.give([{ toolCallId: "a", toolName: "f", result: [1] }]);
      return asked;
    },
  }, { upstream: far.upstream });
  const { said, usage, failure } = await runTask(task, far);
  assertEquals([said.text, said.status, said.finishReason, said.model, failure], [
    "done",
    "complete",
    "stop",
    "m1",
    null,
  ]);
  assertEquals(said.bill, { usage: USED, cost: { micros: 7, currency: "USD" } });
  assertEquals(usage, {
    usage: { prompt_tokens: 10, completion_tokens: 4, total_tokens: 14, estimated: false },
    cost: { micros: 14, currency: "USD" },
  });
  assertEquals(texts, ["look", "done"]);
  const [first, results] = script.told;
  assert(first !== undefined && "text" in first);
  assertEquals([first.model, first.toolCalls], ["m1-x", [
    { id: "a", name: "f", arguments: '{"x":1}' },
    { id: "b", name: "g", arguments: "" },
  ]]);
  assertEquals(results, [{ toolCallId: "a", content: "[1]" }, { toolCallId: "b", content: "Error: none" }]);
  const common = {
    seed: 7,
    tools: [{ type: "function", function: { name: "f", parameters: { type: "object" } } }],
    model: "m1",
    stream: true,
    stream_options: { include_usage: true },
  };
  const user = { role: "user", content: "hi" };
  assertEquals(far.mock.calls.map(({ text }) => JSON.parse(text)), [
    { ...common, messages: [user] },
    { ...common, messages: [user, { role: "assistant" }, { role: "tool", n: 2 }] },
  ]);
  assertEquals(far.inference.open, 0);
});

Deno.test("a task that is stopped before the first byte leaves the upstream at once, and is billed", async () => {
  await using far = new Far();
  far.mock.answer = silence;
  const { task, abort } = newTask({}, { upstream: far.upstream });
  const running = runTask(task, far);
  await far.mock.called(1);
  abort.abort();
  const { said, usage, failure } = await running;
  assertEquals([said.status, said.text, failure, usage?.usage.estimated], ["stopped", "", null, true]);
  assertEquals([said.bill, far.inference.open], [usage, 0]);
  await left(far.mock.last);
});

Deno.test("a task that is stopped mid-stream keeps what it told, idle or with more at hand", async () => {
  for (const more of ["", chunk("b") + chunk("c")]) {
    await using far = new Far();
    const feed = new Feed();
    far.mock.answer = () => feed.response;
    const { task, abort, texts } = newTask({
      onText(text) {
        texts.push(text);
        abort.abort();
      },
    }, { upstream: far.upstream });
    feed.send(chunk("a") + more);
    const { said, usage, failure } = await runTask(task, far);
    assertEquals([said.status, said.text, texts, failure], ["stopped", "a", ["a"], null]);
    assertEquals([said.bill, usage?.usage.estimated, far.inference.open], [usage, true, 0]);
    await feed.left;
  }
});

Deno.test("a task that is stopped in the queue was never sent", async () => {
  await using far = new Far({ LLM_MAX_CONCURRENT: "1" });
  const feed = new Feed();
  far.mock.answer = () => feed.response;
  const first = newTask({}, { upstream: far.upstream });
  const running = runTask(first.task, far);
  await far.mock.called(1);
  const queued = Promise.withResolvers<void>();
  const second = newTask({}, { upstream: far.upstream, onAdmitted: () => queued.resolve() });
  const waiting = runTask(second.task, far);
  await queued.promise;
  await settle();
  second.abort.abort();
  const { said, usage } = await waiting;
  assertEquals([said.status, usage?.usage.total_tokens, far.mock.calls.length], ["stopped", 0, 1]);
  first.abort.abort();
  assertEquals((await running).said.status, "stopped");
  await feed.left;
});

Deno.test("an upstream that refuses, fails, cuts off or stops with the server is the failure", async () => {
  await using far = new Far();
  const draining = new GatehouseError("draining", "the server is stopping");
  const run = () => runTask(newTask({}, { upstream: far.upstream }).task, far);
  far.mock.answer = () => json('{"error":"slow down"}', { status: 429, headers: { "retry-after": "7" } });
  const { failure: refusal, said: { bill } } = await run();
  assertInstanceOf(refusal, RefusedError);
  assertEquals([refusal.refused.status, refusal.refused.headers["retry-after"], bill?.usage.total_tokens], [
    429,
    "7",
    0,
  ]);
  assertEquals(new TextDecoder().decode(refusal.refused.body), '{"error":"slow down"}');

  const feed = new Feed();
  const cases = [
    [() => json("{}", { status: 503 }), "upstream_failed", ""],
    [() => events(chunk("he")), "upstream_truncated", "he"],
    [() => events(chunk("he"), 'data: {"error":{"message":"overloaded"}}\n\n'), "upstream_failed", "he"],
    [() => feed.response, "draining", ""],
  ] as const;
  for (const [answer, code, text] of cases) {
    far.mock.answer = answer;
    const count = far.mock.calls.length;
    const running = run();
    if (code === "draining") {
      await far.mock.called(count + 1);
      far.inference.endAll(draining);
    }
    const { said, failure } = await running;
    assertInstanceOf(failure, GatehouseError);
    assertEquals([failure.code, said.status, said.text], [code, "failed", text]);
    assertEquals([said.bill === null, far.inference.open], [false, 0]);
  }
  await feed.left;
});

Deno.test("what must be kept before the model is asked, and cannot be, ends the task unsent", async () => {
  await using far = new Far();
  const fault = new GatehouseError("storage_unavailable", "no store");
  const { task } = newTask({}, { upstream: far.upstream, onAdmitted: () => Promise.reject(fault) });
  const { failure, usage } = await runTask(task, far);
  assertEquals([failure, usage?.usage.total_tokens, far.mock.calls.length], [fault, 0, 0]);
});
