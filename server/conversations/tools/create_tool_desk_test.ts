import { assertEquals, assertRejects, assertStrictEquals } from "@std/assert";
import fc from "fast-check";
import { FakeClock } from "../../effects/fake_clock.ts";
import { GatehouseError } from "../../errors/mod.ts";
import type { ToolCall } from "../../upstream/mod.ts";
import { createToolDesk } from "./create_tool_desk.ts";
import type { GivenResult } from "./tool_desk.ts";

const MINUTE = 60_000;
const call = (id: string): ToolCall => ({ id, name: "f", arguments: "{}" });
const given = (toolCallId: string, result: unknown): GivenResult => ({ toolCallId, toolName: "f", result });

function rig() {
  const clock = new FakeClock();
  const task = new AbortController();
  const desk = createToolDesk({ clock });
  return { clock, desk, task, ask: (...ids: string[]) => desk.ask(ids.map(call), task.signal) };
}

Deno.test("ask() gives the results in the order of the calls, whenever they came", async () => {
  const { clock, desk, ask } = rig();
  const asked = ask("a", "b", "c");
  assertEquals(desk.give([given("c", 3)]), 1);
  await clock.advance(MINUTE);
  assertEquals(desk.give([given("b", { x: [true] }), given("a", "as it is")]), 2);
  assertEquals(await asked, [
    { toolCallId: "a", content: "as it is" },
    { toolCallId: "b", content: '{"x":[true]}' },
    { toolCallId: "c", content: "3" },
  ]);
  assertEquals(clock.pending, 0);
});

Deno.test("ask() says in text what a result is for the model", async () => {
  const { desk, ask } = rig();
  const deep: unknown = JSON.parse(`${'{"0":'.repeat(200_000)}1${"}".repeat(200_000)}`);
  const contents = async (...results: GivenResult[]) => {
    const asked = ask(...results.map(({ toolCallId }) => toolCallId));
    desk.give(results);
    return (await asked).map(({ content }) => content);
  };
  assertEquals(
    await contents(
      { toolCallId: "a", toolName: "f", errorMessage: "no such file" },
      given("b", null),
      given("c", undefined),
      given("d", ""),
      given("e", deep),
    ),
    ["Error: no such file", "null", "null", "", "Error: the result is nested too deeply"],
  );
});

Deno.test("give() passes over what answers no open call: unknown, early, a second time, late", async () => {
  const { desk, ask } = rig();
  assertEquals(desk.give([given("a", 1)]), 0);
  const asked = ask("a", "b");
  assertEquals(desk.give([given("x", 0), given("a", 1), given("a", 2)]), 1);
  assertEquals(desk.give([given("a", 3)]), 0);
  assertEquals(desk.give([given("b", 4)]), 1);
  assertEquals(desk.give([given("b", 5)]), 0);
  assertEquals((await asked).map(({ content }) => content), ["1", "4"]);
});

Deno.test("ask() gives up after five minutes without a result; each one that is taken starts the time anew", async () => {
  const { clock, desk, ask } = rig();
  const asked = ask("a", "b", "c");
  const failed = assertRejects(() => asked, GatehouseError, "1 tool call has no result");
  for (const id of ["a", "b"]) {
    await clock.advance(5 * MINUTE - 1);
    assertEquals(desk.give([given(id, 1)]), 1);
  }
  await clock.advance(4 * MINUTE);
  assertEquals(desk.give([given("b", 1), given("x", 1)]), 0);
  await clock.advance(MINUTE);
  assertEquals((await failed).code, "tool_results_missing");
  assertEquals([desk.give([given("c", 1)]), clock.pending], [0, 0]);
});

Deno.test("ask() ends with the signal's reason, whether it was aborted before or while it waits", async () => {
  for (const isBefore of [true, false]) {
    const { clock, desk, task, ask } = rig();
    const reason = new Error("cancelled");
    if (isBefore) task.abort(reason);
    const asked = ask("a");
    asked.catch(() => {}); // it is awaited below
    task.abort(reason);
    assertStrictEquals(await asked.catch((error: unknown) => error), reason);
    assertEquals([desk.give([given("a", 1)]), clock.pending], [0, 0]);
  }
});

Deno.test("ask() has nothing to wait for where nothing is called, and one result serves a repeated id", async () => {
  const { desk, ask } = rig();
  assertEquals(await ask(), []);
  const asked = ask("a", "a");
  assertEquals(desk.give([given("a", 1)]), 1);
  assertEquals(await asked, [{ toolCallId: "a", content: "1" }, { toolCallId: "a", content: "1" }]);
});

Deno.test("each call gets the first result that came for it after ask(), in any order and however often", async () => {
  const id: fc.Arbitrary<string> = fc.constantFrom("a", "b", "c", "d", "e", "f");
  const batches = fc.array(fc.array(id, { maxLength: 5 }), { maxLength: 12 });
  await fc.assert(
    fc.asyncProperty(fc.uniqueArray(id, { minLength: 1 }), batches, batches, async (ids, early, late) => {
      const { clock, desk, task, ask } = rig();
      let count = 0;
      const numbered = (batch: readonly string[]) => batch.map((id) => ({ id, n: count++ }));
      const give = (batch: readonly { id: string; n: number }[]) => desk.give(batch.map(({ id, n }) => given(id, n)));
      for (const batch of early) assertEquals(give(numbered(batch)), 0);
      const asked = ask(...ids);
      asked.catch(() => {}); // it is awaited below, where it ends
      const first = new Map<string, number>();
      for (const batch of late.map(numbered)) {
        const before = first.size;
        for (const { id, n } of batch) if (ids.includes(id) && !first.has(id)) first.set(id, n);
        assertEquals(give(batch), first.size - before);
      }
      const isWhole = first.size === ids.length;
      assertEquals(clock.pending, isWhole ? 0 : 1);
      task.abort();
      if (isWhole) {
        assertEquals(await asked, ids.map((id) => ({ toolCallId: id, content: String(first.get(id)) })));
      } else {
        await assertRejects(() => asked);
      }
      assertEquals(clock.pending, 0);
    }),
    { numRuns: 150 },
  );
});
