import { assertEquals, assertStringIncludes } from "@std/assert";
import OpenAI from "openai";
import { withModel } from "./model_fixture.ts";

const sdk = (origin: string, apiKey = "good") => new OpenAI({ baseURL: `${origin}/v1`, apiKey, maxRetries: 0 });
const user = (content: string) => [{ role: "user" as const, content }];

Deno.test("the OpenAI SDK streams the demo model and agrees on content and usage", () =>
  withModel(async ({ origin }) => {
    const stream = sdk(origin).chat.completions.stream({
      model: "demo",
      messages: user("Count to 30"),
      stream_options: { include_usage: true },
    });
    let seen = "";
    stream.on("content", (delta) => void (seen += delta));
    const final = await stream.finalChatCompletion();
    assertEquals(final.choices[0]?.message.content, seen);
    assertEquals(seen.split("\n").length, 30);
    assertEquals(final.usage?.completion_tokens, Math.ceil(seen.length / 4));
  }));

Deno.test("the OpenAI SDK runs tools with the demo model to the end", () =>
  withModel(async ({ origin }) => {
    const asked: string[] = [];
    const runner = sdk(origin).chat.completions.runTools({
      model: "demo",
      stream: true,
      messages: user("What is the weather in Paris?"),
      tools: [{
        type: "function",
        function: {
          name: "get_weather",
          description: "The weather in a city",
          parse: JSON.parse,
          function: ({ city }: { city: string }) => {
            asked.push(city);
            return "21 degrees and a light breeze";
          },
          parameters: { type: "object", properties: { city: { type: "string" } }, required: ["city"] },
        },
      }],
    });
    assertStringIncludes(await runner.finalContent() ?? "", "21 degrees and a light breeze");
    assertEquals(asked, ["Paris"]);
  }));

Deno.test("the OpenAI SDK understands the demo model's refusals", () =>
  withModel(async ({ origin }) => {
    const failure = async (promise: Promise<unknown>) => {
      const error = await promise.then(() => null, (error: unknown) => error);
      return error instanceof OpenAI.APIError ? [error.status, error.code, error.param] : error;
    };
    const ask = (client: OpenAI, model: string) => client.chat.completions.create({ model, messages: user("hi") });
    assertEquals(await failure(ask(sdk(origin, "bad"), "demo")), [401, "invalid_api_key", null]);
    assertEquals(await failure(ask(sdk(origin), "gpt")), [404, "model_not_found", "model"]);
    assertEquals(await failure(sdk(origin).chat.completions.create({ model: "demo", messages: [] })), [
      400,
      "invalid_value",
      "messages",
    ]);
  }));
