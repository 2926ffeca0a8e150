import { HumanMessage } from "@langchain/core/messages";
import { tool } from "@langchain/core/tools";
import { ChatOpenAI } from "@langchain/openai";
import { assertEquals, assertGreater, assertStringIncludes } from "@std/assert";
import { z } from "zod";
import type { Api } from "./api.ts";
import { MODEL, PROMPTS } from "./realtime_model.ts";

/** Has LangChain's own client ask, stream and call a tool through `/v1`. */
export async function askByLangChain({ url, credential }: Api): Promise<void> {
  const chat = new ChatOpenAI({
    model: MODEL,
    apiKey: credential ?? "",
    maxRetries: 0,
    configuration: { baseURL: `${url}/v1` },
  });
  assertStringIncludes((await chat.invoke(PROMPTS.hello)).text, "Hello");

  let chunks = 0;
  let text = "";
  for await (const chunk of await chat.stream(PROMPTS.hello)) {
    chunks++;
    text += chunk.text;
  }
  assertGreater(chunks, 1);
  assertStringIncludes(text, "Hello");

  const weather = tool(({ city }: { city: string }) => `sun over ${city}`, {
    name: "get_weather",
    description: "The weather of a city",
    schema: z.object({ city: z.string() }),
  });
  const withTools = chat.bindTools([weather]);
  const question = new HumanMessage(PROMPTS.weather);
  const asks = await withTools.invoke([question]);
  const calls = asks.tool_calls ?? [];
  assertEquals(calls.map(({ name, args }) => ({ name, args })), [{ name: "get_weather", args: { city: "Paris" } }]);
  const results = await Promise.all(calls.map((call) => weather.invoke({ ...call, type: "tool_call" })));
  assertEquals((await withTools.invoke([question, asks, ...results])).text, "Result: sun over Paris");
}
