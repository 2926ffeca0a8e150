import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { echo, FakeInference, newTask, STOP, text, toolCall } from "./rounds_fixture.ts";
import { runTask } from "./run_task.ts";

Deno.test("a task that is stopped before it begins asks nobody", async () => {
  const inference = new FakeInference([STOP]);
  const { task, abort } = newTask();
  abort.abort();
  const { said, usage, failure } = await runTask(task, { inference });
  assertEquals([said.status, usage, failure, inference.calls.length], ["stopped", null, null, 0]);
});

Deno.test("a task that is stopped while tools are called is stopped, whatever they throw", async () => {
  const inference = new FakeInference([text("a"), toolCall(0, "a", "f")], [STOP]);
  const { task, abort, script } = newTask({
    callTools: () => {
      abort.abort();
      return Promise.reject(new Error("too late"));
    },
  });
  const { said, usage, failure } = await runTask(task, { inference });
  assertEquals([said.status, said.text, said.toolCalls, said.bill, failure], ["stopped", "", [], null, null]);
  assertEquals([usage?.usage.total_tokens, script.told.length, inference.calls.length], [10, 1, 1]);
});

Deno.test("a task that is stopped anywhere tells nothing more, leaves nothing open, and accounts for every round", async () => {
  const round = fc.array(
    fc.oneof(
      fc.string({ minLength: 1, maxLength: 3 }).map((said) => text(said)),
      fc.tuple(fc.nat(3), fc.constantFrom("x", "y", undefined)).map(([index, id]) => toolCall(index, id, "f")),
      fc.constant(STOP),
    ),
    { maxLength: 6 },
  );
  const last = round.map((events) => events.filter(({ type }) => type !== "tool_call_delta"));
  await fc.assert(
    fc.asyncProperty(
      fc.array(round, { maxLength: 4 }),
      last,
      fc.nat(20),
      fc.nat(4),
      async (rounds, end, stopText, stopTools) => {
        const inference = new FakeInference(...rounds, end);
        const texts: string[] = [];
        let toolRounds = 0;
        const { task, abort, script } = newTask({
          onText(text) {
            texts.push(text);
            if (texts.length === stopText) abort.abort();
          },
          callTools(calls, signal) {
            assertEquals(new Set(calls.map(({ id }) => id)).size, calls.length);
            if (++toolRounds === stopTools) abort.abort();
            return echo(calls, signal);
          },
        });
        const { said, usage, failure } = await runTask(task, { inference });
        assertEquals([said.status, failure], [abort.signal.aborted ? "stopped" : "complete", null]);
        const told = script.told.map((entry) => "text" in entry ? entry.text : "").join("");
        assertEquals(told + said.text, texts.join(""));
        assertEquals(inference.open, 0);
        assertEquals(usage?.usage.total_tokens ?? 0, 10 * inference.calls.length);
        if (abort.signal.aborted && stopText > 0 && texts.length === stopText) assertEquals(said.toolCalls, []);
      },
    ),
    { numRuns: 200 },
  );
});
