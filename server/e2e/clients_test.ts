import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { HumanMessage } from "@langchain/core/messages";
import { tool as langchainTool } from "@langchain/core/tools";
import { ChatOpenAI } from "@langchain/openai";
import { generateText, isStepCount, streamText, tool } from "ai";
import { assert, assertEquals, assertGreater, assertRejects } from "@std/assert";
import OpenAI from "openai";
import { z } from "zod";
import { Api } from "./api.ts";
import { type Child, startFixture } from "./child.ts";
import { Gate, Home } from "./gate.ts";
import { Install } from "./install.ts";

const HELLO = "Say hello.";
const WEATHER = "What is the weather in Paris?";
const PARAMETERS = z.object({ city: z.string().describe("Name of the city") });
const JSON_SCHEMA = {
  type: "object" as const,
  properties: { city: { type: "string" as const, description: "Name of the city" } },
  required: ["city"],
};
const weatherOf = (city: string) => `It is sunny in ${city}.`;

/** Where the clients are pointed, and which model they name. */
interface Target {
  readonly baseURL: string;
  readonly model: string;
  /** What they show for a key. */
  readonly apiKey: string;
}

async function withOpenAI({ baseURL, model, apiKey }: Target): Promise<void> {
  const client = new OpenAI({ baseURL, apiKey, maxRetries: 0 });
  const models = await client.models.list();
  assert(models.data.some(({ id }) => id === model), JSON.stringify(models.data));

  const messages = [{ role: "user" as const, content: HELLO }];
  const plain = await client.chat.completions.create({ model, messages });
  assertGreater(plain.choices[0]?.message.content?.length ?? 0, 0);
  assertGreater(plain.usage?.total_tokens ?? 0, 0);

  let text = "";
  let usage = 0;
  const stream = await client.chat.completions.create({
    model,
    messages,
    stream: true,
    stream_options: { include_usage: true },
  });
  for await (const chunk of stream) {
    text += chunk.choices[0]?.delta.content ?? "";
    usage = chunk.usage?.total_tokens ?? usage;
  }
  assertGreater(text.length, 0);
  assertGreater(usage, 0);

  const cities: string[] = [];
  const runner = client.chat.completions.runTools({
    model,
    stream: true,
    messages: [{ role: "user", content: WEATHER }],
    tools: [{
      type: "function",
      function: {
        name: "get_weather",
        description: "The weather of a city",
        parameters: JSON_SCHEMA,
        parse: (input: string) => PARAMETERS.parse(JSON.parse(input)),
        function: ({ city }: z.infer<typeof PARAMETERS>) => {
          cities.push(city);
          return weatherOf(city);
        },
      },
    }],
  });
  assertGreater((await runner.finalContent())?.length ?? 0, 0);
  assertEquals(cities, ["Paris"]);
}

async function withLangChain({ baseURL, model, apiKey }: Target): Promise<void> {
  const chat = new ChatOpenAI({ model, apiKey, maxRetries: 0, streamUsage: true, configuration: { baseURL } });
  const answer = await chat.invoke(HELLO);
  assertGreater(answer.text.length, 0);
  // LangChain's generics lose the type of what is there.
  const usage = answer.usage_metadata as { readonly total_tokens?: number } | undefined;
  assertGreater(usage?.total_tokens ?? 0, 0);

  let chunks = 0;
  let text = "";
  for await (const chunk of await chat.stream(HELLO)) {
    chunks++;
    text += chunk.text;
  }
  assertGreater(chunks, 1);
  assertGreater(text.length, 0);

  const weather = langchainTool(({ city }: z.infer<typeof PARAMETERS>) => weatherOf(city), {
    name: "get_weather",
    description: "The weather of a city",
    schema: PARAMETERS,
  });
  const withTools = chat.bindTools([weather]);
  const question = new HumanMessage(WEATHER);
  const asks = await withTools.invoke([question]);
  assertEquals(asks.tool_calls?.map(({ name, args }) => ({ name, args })), [{
    name: "get_weather",
    args: { city: "Paris" },
  }]);
  const results = await Promise.all(
    (asks.tool_calls ?? []).map((call) => weather.invoke({ ...call, type: "tool_call" })),
  );
  const end = await withTools.invoke([question, asks, ...results]);
  assertGreater(end.text.length, 0);
}

async function withAiSdk({ baseURL, model: name, apiKey }: Target): Promise<void> {
  const model = createOpenAICompatible({ name: "gatehouse", baseURL, apiKey, includeUsage: true })(name);
  const plain = await generateText({ model, prompt: HELLO, maxRetries: 0 });
  assertGreater(plain.text.length, 0);

  const cities: string[] = [];
  const streamed = streamText({
    model,
    prompt: WEATHER,
    maxRetries: 0,
    stopWhen: isStepCount(3),
    tools: {
      get_weather: tool({
        description: "The weather of a city",
        inputSchema: PARAMETERS,
        execute: ({ city }) => {
          cities.push(city);
          return weatherOf(city);
        },
      }),
    },
    onError: ({ error }) => {
      throw error;
    },
  });
  let text = "";
  for await (const part of streamed.textStream) text += part;
  assertEquals(cities, ["Paris"]);
  assertGreater(text.length, 0);
  assertGreater((await streamed.totalUsage).totalTokens ?? 0, 0);
}

const CLIENTS = { openai: withOpenAI, "@langchain/openai": withLangChain, "@ai-sdk/openai-compatible": withAiSdk };

async function withEveryClient(t: Deno.TestContext, gate: Gate, model: string, apiKey = "any"): Promise<void> {
  for (const [name, run] of Object.entries(CLIENTS)) {
    await t.step(name, () => run({ baseURL: `${gate.url}/v1`, model, apiKey }));
  }
}

Deno.test("real clients ask, stream and call tools against the demo", async (t) => {
  await using home = await Home.make();
  await using gate = await Gate.start({ env: {}, home });
  await withEveryClient(t, gate, "demo");
  await gate.stop();
});

/** An upstream that nobody here wrote. @returns it, and the settings that make a gate use it */
async function startMock(): Promise<{ readonly mock: Child; readonly env: Record<string, string> }> {
  const key = "key-of-aimock-51c0ffee";
  const { child, url } = await startFixture("aimock_process.ts", { MOCK_KEY: key });
  const env = { LLM_BASE_URL: `${url}/v1`, LLM_MODEL_NAME: "gpt-4o", API_KEY_ENV_VAR: "MOCK_KEY", MOCK_KEY: key };
  return { mock: child, env };
}

Deno.test("real clients ask, stream and call tools against an upstream that nobody here wrote", async (t) => {
  const { mock, env } = await startMock();
  await using _mock = mock;
  await using home = await Home.make();
  await using gate = await Gate.start({ env, home });
  await withEveryClient(t, gate, "gpt-4o");
  await gate.stop();
});

Deno.test("real clients pass by a key, and tell a bad key and a limit by their own errors", async (t) => {
  const { mock, env } = await startMock();
  await using _mock = mock;
  await using install = await Install.make(env);
  await using gates = await install.start(1);
  const gate = gates.at(0);
  const admin = await install.admin(gate);
  const { key } = await admin.createKey({ name: "clients" });
  await withEveryClient(t, gate, "gpt-4o", key);

  const target = { baseURL: `${gate.url}/v1`, model: "gpt-4o" };
  const { key: limited } = await admin.createKey({ name: "limited", rpm: 1 });
  const used = await new Api(gate.url, limited).ask("POST", "/v1/chat/completions", {
    messages: [{ role: "user", content: HELLO }],
  });
  assertEquals(used.status, 200, await used.text());
  for (const stream of [false, true]) {
    await t.step(`openai, ${stream ? "streamed" : "whole"}`, async () => {
      await assertRejects(() => askOpenAI({ ...target, apiKey: badKey(key) }, stream), OpenAI.AuthenticationError);
      const refusal = await assertRejects(
        () => askOpenAI({ ...target, apiKey: limited }, stream),
        OpenAI.RateLimitError,
      );
      assertEquals(refusal.code, "rate_limit_exceeded");
      assertGreater(Number(refusal.headers.get("retry-after")), 0);
      assertEquals(refusal.headers.get("x-ratelimit-remaining-requests"), "0");
    });
    await t.step(`@langchain/openai, ${stream ? "streamed" : "whole"}`, async () => {
      await assertRejects(() => askLangChain({ ...target, apiKey: badKey(key) }, stream), OpenAI.AuthenticationError);
      await assertRejects(() => askLangChain({ ...target, apiKey: limited }, stream), OpenAI.RateLimitError);
    });
  }
  await gates.stop();
});

/** Of a key's form, and nobody's. */
function badKey(key: string): string {
  return `${key.slice(0, -1)}${key.endsWith("A") ? "B" : "A"}`;
}

async function askOpenAI({ baseURL, model, apiKey }: Target, stream: boolean): Promise<void> {
  const client = new OpenAI({ baseURL, apiKey, maxRetries: 0 });
  await client.chat.completions.create({ model, messages: [{ role: "user", content: HELLO }], stream });
}

async function askLangChain({ baseURL, model, apiKey }: Target, stream: boolean): Promise<void> {
  const chat = new ChatOpenAI({ model, apiKey, maxRetries: 0, configuration: { baseURL } });
  if (stream) { for await (const _ of await chat.stream(HELLO)); }
  else await chat.invoke(HELLO);
}
