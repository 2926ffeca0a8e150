import { assert, assertEquals, assertLessOrEqual, assertMatch, assertStringIncludes } from "@std/assert";
import { InstantClock } from "../instant_clock.ts";
import { said, withModel } from "./model_fixture.ts";

interface Completion {
  readonly choices: readonly {
    readonly index: number;
    readonly message: { readonly content: string | null; readonly tool_calls?: { function: { arguments: string } }[] };
    readonly finish_reason: string;
  }[];
  readonly usage: { readonly prompt_tokens: number; readonly completion_tokens: number; readonly total_tokens: number };
}

async function completed(response: Promise<Response>): Promise<Completion> {
  const answer = await response;
  const body = await answer.json();
  assertEquals(answer.status, 200, JSON.stringify(body));
  return body;
}

async function text(response: Promise<Response>): Promise<string> {
  return (await completed(response)).choices[0]?.message.content ?? "";
}

Deno.test("the demo model demands a good access token, as OpenAI words it", () =>
  withModel(async ({ origin }) => {
    for (const authorization of [undefined, "Bearer bad", "Basic good", "good"]) {
      const headers = authorization === undefined ? {} : { authorization };
      const answer = await fetch(`${origin}/v1/models`, { headers });
      assertEquals(answer.status, 401);
      assertMatch(answer.headers.get("www-authenticate") ?? "", /^Bearer/);
      const { error } = await answer.json();
      assertEquals([error.type, error.code], ["invalid_request_error", authorization ? "invalid_api_key" : null]);
    }
  }));

Deno.test("GET /v1/models lists and finds models with what Gatehouse adds", () =>
  withModel(async ({ origin }) => {
    const headers = { authorization: "Bearer good" };
    const list = await (await fetch(`${origin}/v1/models`, { headers })).json();
    assertEquals(list.data.map((model: { id: string }) => model.id), ["demo", "demo-slow"]);
    const model = await (await fetch(`${origin}/v1/models/demo`, { headers })).json();
    assertEquals([model.object, model.context_window, model.capabilities], ["model", 131072, {
      tools: true,
      images: true,
    }]);
    const unknown = await fetch(`${origin}/v1/models/gpt`, { headers });
    assertEquals([unknown.status, (await unknown.json()).error.code], [404, "model_not_found"]);
    const nowhere = await fetch(`${origin}/v1/nowhere`, { headers });
    assertEquals([nowhere.status, (await nowhere.json()).error.type], [404, "invalid_request_error"]);
  }));

Deno.test("the demo model says what it is, what it was told, and how to replace it", () =>
  withModel(async ({ chat }) => {
    const system = { role: "system", content: "Be kind" };
    const messages = [system, { role: "user", content: "Hi ```there```\n```ts\nlet a;\n```\n" }];
    const answer = await text(chat({ messages }));
    for (
      const part of ["demo model", "Hi ```there```", "system prompt of 7 characters", "`ts`, 1 line", "LLM_BASE_URL"]
    ) {
      assertStringIncludes(answer, part);
    }
    assertEquals(await text(chat({ messages })), answer, "the same request, the same answer");
  }));

Deno.test("the demo model refuses unknown models and prompts beyond its window", () =>
  withModel(async ({ chat }) => {
    const unknown = await chat({ model: "gpt", ...said("hi") });
    assertEquals([unknown.status, (await unknown.json()).error.code], [404, "model_not_found"]);
    const long = await chat(said("x".repeat(4 * 131_072 + 1)));
    assertEquals([long.status, (await long.json()).error.code], [400, "context_length_exceeded"]);
    const image = await chat(said([{ type: "image_url", image_url: { url: "x" } }]));
    assertEquals([image.status, (await image.json()).error.code], [400, "invalid_image_url"]);
  }));

Deno.test("the demo model counts usage and obeys max_tokens, stop and n", () =>
  withModel(async ({ chat }) => {
    const cut = await completed(chat({ ...said("Count to 100"), max_completion_tokens: 5, n: 2 }));
    assertEquals(cut.choices.map((c) => [c.index, c.message.content, c.finish_reason]), [
      [0, "1\n2\n3\n4\n5\n6\n7\n8\n9\n10", "length"],
      [1, "1\n2\n3\n4\n5\n6\n7\n8\n9\n10", "length"],
    ]);
    assertEquals(cut.usage, { prompt_tokens: 3, completion_tokens: 10, total_tokens: 13 });
    const stopped = await completed(chat({ ...said("Count to 100"), stop: ["\n9", "\n5"], max_tokens: 2 }));
    assertEquals(stopped.choices[0]?.finish_reason, "stop");
    assertEquals(stopped.choices[0]?.message.content, "1\n2\n3\n4");
    const several = await completed(chat({ ...said("hello"), n: 3 }));
    assertEquals(new Set(several.choices.map((choice) => choice.message.content)).size, 3);
  }));

Deno.test("the demo model cuts the arguments of a call at max_tokens", () =>
  withModel(async ({ chat }) => {
    const tools = ["one", "two"].map((name) => ({
      type: "function",
      function: { name, parameters: { type: "object", properties: { text: { type: "string" } } } },
    }));
    const { choices, usage } = await completed(chat({ ...said("one and two, please"), tools, max_tokens: 3 }));
    assertEquals(choices[0]?.finish_reason, "length");
    assertEquals(choices[0]?.message.tool_calls?.map((call) => call.function.arguments), [`{"text":"one`]);
    assertLessOrEqual(usage.completion_tokens, 3);
  }));

Deno.test("the demo model answers in JSON when asked for it", () =>
  withModel(async ({ chat }) => {
    const object = JSON.parse(await text(chat({ ...said("hi"), response_format: { type: "json_object" } })));
    assertEquals(object.you_said, "hi");
    const schema = { type: "object", properties: { age: { type: "integer" } }, required: ["age"] };
    const format = { type: "json_schema", json_schema: { name: "person", schema, strict: true } };
    assertEquals(JSON.parse(await text(chat({ ...said("I am 7"), response_format: format }))), { age: 7 });
  }));

Deno.test("the demo model uses what its tools answered", () =>
  withModel(async ({ chat }) => {
    const call = (id: string, name: string) => ({ id, type: "function", function: { name, arguments: "{}" } });
    const answer = await text(chat({
      messages: [
        { role: "user", content: "go" },
        { role: "assistant", content: null, tool_calls: [call("a", "get_weather"), call("b", "get_time")] },
        { role: "tool", tool_call_id: "a", content: "sunny" },
        { role: "tool", tool_call_id: "b", content: `{"hour":12}` },
      ],
    }));
    for (const part of ["2 tools", "`get_weather`", "sunny", "`get_time`", `{"hour":12}`]) {
      assertStringIncludes(answer, part);
    }
  }));

Deno.test("the demo model shows tables, code and long answers", () =>
  withModel(async ({ chat }) => {
    assertStringIncludes(await text(chat(said("a table"))), "| user | 1 | 7 |");
    assertMatch(await text(chat(said("code in Rust"))), /```rust\n[^`]+```/);
    const blocks = await text(chat(said("200 code blocks")));
    assertEquals(blocks.match(/^```[a-z]+$/gm)?.length, 200);
    const big = await text(chat(said("200 KB")));
    assert(big.length >= 200 * 1024 && big.length < 202 * 1024, `${big.length}`);
  }));

Deno.test("the demo model takes the time that a slow answer takes", async () => {
  const clock = new InstantClock();
  const took = async (chat: Promise<Response>) => {
    const before = clock.monotonic();
    await completed(chat);
    return clock.monotonic() - before;
  };
  await withModel(async ({ chat }) => {
    assertEquals(await took(chat(said("Count to 10, slowly"))), 5 * 50);
    assertEquals(await took(chat({ ...said("Count to 10"), model: "demo-slow" })), 5 * 50);
    assertEquals(await took(chat(said("Count to 10"))), 2 * 15);
    assertEquals(await took(chat(said("Count to 10000"))), 400);
  }, clock);
});
