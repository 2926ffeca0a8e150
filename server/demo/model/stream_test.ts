import { assert, assertEquals, assertGreater, assertRejects } from "@std/assert";
import { FakeClock, settle } from "../../effects/fake_clock.ts";
import { InstantClock } from "../instant_clock.ts";
import { readEvents, said, type StreamChunk, withModel } from "./model_fixture.ts";

const textOf = (chunks: readonly StreamChunk[], index = 0) =>
  chunks.flatMap((chunk) => chunk.choices).filter((c) => c.index === index).map((c) => c.delta.content ?? "").join("");

Deno.test("a stream has OpenAI's exact shape", () =>
  withModel(async ({ chat }) => {
    const whole = await (await chat(said("Count to 20"))).json();
    const response = await chat({ ...said("Count to 20"), stream: true });
    assertEquals(response.headers.get("content-type"), "text/event-stream; charset=utf-8");
    const { chunks, done } = await readEvents(response);
    assert(done, "[DONE] comes last");
    assertEquals(new Set(chunks.map((chunk) => chunk.id)).size, 1);
    assertEquals(new Set(chunks.map((chunk) => chunk.object)), new Set(["chat.completion.chunk"]));
    assertEquals(chunks.map((chunk) => chunk.choices[0]?.delta.role), ["assistant", ...Array(chunks.length - 1)]);
    assertEquals(chunks.map((c) => c.choices[0]?.finish_reason), [...Array(chunks.length - 1).fill(null), "stop"]);
    assertEquals(chunks.some((chunk) => "usage" in chunk), false);
    assertGreater(chunks.length, 4);
    assertEquals(textOf(chunks), whole.choices[0].message.content);
  }));

Deno.test("a stream ends with usage when it is asked for", () =>
  withModel(async ({ chat }) => {
    const whole = await (await chat(said("hello"))).json();
    const { chunks } = await readEvents(
      await chat({ ...said("hello"), stream: true, stream_options: { include_usage: true } }),
    );
    const last = chunks.at(-1);
    assertEquals([last?.choices, last?.usage], [[], whole.usage]);
    assert(chunks.slice(0, -1).every((chunk) => chunk.usage === null && chunk.choices.length === 1));
  }));

Deno.test("a stream of several choices finishes each of them", () =>
  withModel(async ({ chat }) => {
    const { chunks } = await readEvents(await chat({ ...said("hello 🌍"), stream: true, n: 3 }));
    const choices = chunks.flatMap((chunk) => chunk.choices);
    for (const index of [0, 1, 2]) {
      const own = choices.filter((choice) => choice.index === index);
      assertEquals([own[0]?.delta.role, own.at(-1)?.finish_reason], ["assistant", "stop"]);
      assert(textOf(chunks, index).includes("hello 🌍"));
    }
  }));

Deno.test("streamed tool calls carry index, id and name once, and their arguments in pieces", () =>
  withModel(async ({ chat }) => {
    const parameters = { type: "object", properties: { city: { type: "string" } }, required: ["city"] };
    const tools = ["weather", "time"].map((name) => ({ type: "function", function: { name, parameters } }));
    const { chunks } = await readEvents(
      await chat({ ...said('weather and time in "San Francisco"'), tools, stream: true }),
    );
    const deltas = chunks.flatMap((chunk) => chunk.choices).flatMap((choice) => choice.delta.tool_calls ?? []);
    for (const [index, name] of ["weather", "time"].entries()) {
      const own = deltas.filter((delta) => delta.index === index);
      assertEquals(own.map((delta) => delta.function.name), [name, ...Array(own.length - 1)]);
      assertEquals(own.filter((delta) => delta.id !== undefined).length, 1);
      assertGreater(own.length, 2);
      assertEquals(own.map((delta) => delta.function.arguments).join(""), `{"city":"San Francisco"}`);
    }
    assertEquals(chunks.at(-1)?.choices[0]?.finish_reason, "tool_calls");
  }));

Deno.test("choices call tools under ids of their own", () =>
  withModel(async ({ chat }) => {
    const tools = [{ type: "function", function: { name: "look" } }];
    const { chunks } = await readEvents(await chat({ ...said("look"), tools, n: 2, stream: true }));
    const calls = chunks.flatMap((chunk) => chunk.choices).flatMap((choice) => choice.delta.tool_calls ?? []);
    assertEquals(new Set(calls.flatMap((call) => call.id ?? [])).size, 2);
  }));

Deno.test("a long answer hurries, a slow one gives twenty tokens a second", async () => {
  const clock = new InstantClock();
  await withModel(async ({ chat }) => {
    const { chunks } = await readEvents(await chat({ ...said("200 KB"), stream: true }));
    assertEquals(clock.monotonic(), chunks.length * 8);
    const before = clock.monotonic();
    const slow = await readEvents(await chat({ ...said("Count to 50, slowly"), stream: true }));
    assertEquals(clock.monotonic() - before, slow.chunks.length * 50);
    assert(slow.chunks.every((chunk) => (chunk.choices[0]?.delta.content ?? "").length <= 4));
  }, clock);
});

/** Real time until `happened`; the test's own time-out is the limit. */
async function until(happened: () => boolean): Promise<void> {
  while (!happened()) await settle();
}

Deno.test("a reader who leaves ends the work, mid-stream and before the answer", async () => {
  const clock = new FakeClock();
  await withModel(async ({ origin }) => {
    for (const stream of [true, false]) {
      const client = new AbortController();
      const body = JSON.stringify({ model: "demo-slow", ...said("x".repeat(50_000)), stream });
      const headers = { authorization: "Bearer good" };
      const answer = fetch(`${origin}/v1/chat/completions`, { method: "POST", headers, body, signal: client.signal });
      if (stream) await (await answer).body?.getReader().read();
      await until(() => clock.pending === 1);
      client.abort();
      if (!stream) await assertRejects(() => answer);
      await until(() => clock.pending === 0);
    }
  }, clock);
});
