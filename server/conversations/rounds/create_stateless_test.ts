import { assertEquals, assertRejects } from "@std/assert";
import { LOCAL_USER } from "../../accounts/mod.ts";
import { GatehouseError } from "../../errors/mod.ts";
import { silentLogger } from "../../telemetry/mod.ts";
import { chunk, DONE, events, FINISH, json, USAGE } from "../../testing/mod.ts";
import { NO_SETTINGS } from "../session.ts";
import { createStatelessTasks } from "./create_stateless.ts";
import { Far } from "./far_fixture.ts";
import { echo } from "./rounds_fixture.ts";
import type { StatelessRequest } from "./stateless.ts";

const HI = [{ role: "system", content: "be short" }, { role: "user", content: [{ type: "text", text: "hi" }] }];

function request(changes: Partial<StatelessRequest> = {}): StatelessRequest {
  return {
    who: LOCAL_USER,
    messages: HI,
    settings: NO_SETTINGS,
    fields: {},
    tools: [],
    onText: () => {},
    callTools: null,
    signal: new AbortController().signal,
    headers: [],
    startedAt: 0,
    log: silentLogger,
    ...changes,
  };
}

/** Tasks before an upstream that answers at once. */
function tasksOf(far: Far) {
  far.mock.answer = () => events(chunk("hello"), FINISH, USAGE, DONE);
  const asked: (string | null)[] = [];
  const tasks = createStatelessTasks({
    inference: far.inference,
    resolve(model) {
      asked.push(model);
      return far;
    },
  });
  return { asked, run: (changes?: Partial<StatelessRequest>) => tasks.run(request(changes)) };
}

Deno.test("run() sends the messages as they are, asked as the settings say", async () => {
  await using far = new Far({ LLM_TEMPERATURE: "0.3", LLM_SYSTEM_PROMPT: "not added" });
  const { asked, run } = tasksOf(far);
  const settings = { model: "default", temperature: 0.7, maxTokens: 9, topP: 0.5 };
  const { said, usage, failure } = await run();
  assertEquals([said.text, said.status, usage?.usage.total_tokens, failure], ["hello", "complete", 7, null]);
  await run({ settings, fields: { seed: 1, temperature: 1, max_tokens: 2 } });
  await run({ fields: { temperature: 1, max_tokens: 2 } });
  const common = { messages: HI, model: "m1", stream: true, stream_options: { include_usage: true } };
  assertEquals(far.mock.calls.map(({ text }) => JSON.parse(text)), [
    { ...common, temperature: 0.3 },
    { ...common, seed: 1, temperature: 0.7, max_tokens: 9, top_p: 0.5 },
    { ...common, temperature: 1, max_tokens: 2 },
  ]);
  assertEquals(asked, [null, null, null]);
});

Deno.test("run() gives the model its own calls and their results back", async () => {
  await using far = new Far();
  const { run } = tasksOf(far);
  const calls =
    '[{"index":0,"id":"a","function":{"name":"f","arguments":"{\\"x\\""}},{"index":1,"id":"b","function":{"name":"g"}}]';
  far.mock.answer = () =>
    far.mock.calls.length === 1
      ? events(`data: {"choices":[{"index":0,"delta":{"tool_calls":${calls}}}]}\n\n`, FINISH, DONE)
      : events(chunk("done"), FINISH, DONE);
  const { said } = await run({ tools: [{ name: "f" }], callTools: echo });
  assertEquals(said.text, "done");
  assertEquals(JSON.parse(far.mock.last.text).messages, [
    ...HI,
    {
      role: "assistant",
      content: null,
      tool_calls: [
        { id: "a", type: "function", function: { name: "f", arguments: '{"_raw":"{\\"x\\""}' } },
        { id: "b", type: "function", function: { name: "g", arguments: "{}" } },
      ],
    },
    { role: "tool", tool_call_id: "a", content: "a" },
    { role: "tool", tool_call_id: "b", content: "b" },
  ]);
});

Deno.test("run() throws what is refused before it is let through, and tells of all else in the outcome", async () => {
  await using far = new Far();
  const { asked, run } = tasksOf(far);
  let admitted = 0;
  const onAdmitted = () => void admitted++;
  const codeOf = async (changes: Partial<StatelessRequest>) =>
    (await assertRejects(() => run({ onAdmitted, ...changes }), GatehouseError)).code;
  assertEquals(await codeOf({ fields: { stream: false } }), "invalid_field");
  assertEquals(await codeOf({ settings: { ...NO_SETTINGS, model: "m9" } }), "model_not_found");
  assertEquals(await codeOf({ who: { ...LOCAL_USER, models: [["m2"]] } }), "model_not_allowed");
  assertEquals([admitted, asked, far.mock.calls.length], [0, ["m9", null], 0]);
  far.mock.answer = () => json("{}", { status: 500 });
  const { said, failure } = await run({ onAdmitted });
  assertEquals([said.status, failure instanceof GatehouseError && failure.code], ["failed", "upstream_failed"]);
  assertEquals(admitted, 1);
});

Deno.test("tasks run beside each other, and one that is stopped leaves the others alone", async () => {
  await using far = new Far();
  const { run } = tasksOf(far);
  const stop = new AbortController();
  const outcomes = await Promise.all(
    Array.from({ length: 8 }, (_, i) => run(i === 3 ? { signal: stop.signal, onText: () => stop.abort() } : {})),
  );
  assertEquals(
    outcomes.map(({ said }) => said.status === (said === outcomes[3]?.said ? "stopped" : "complete")),
    Array(8).fill(true),
  );
});
