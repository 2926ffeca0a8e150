import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { parseChatRequest } from "./chat_request.ts";
import { plannedCalls } from "./tool_calls.ts";

const tool = (name: string, parameters?: unknown) => ({ type: "function", function: { name, parameters } });
const tools = [
  tool("get_weather", { type: "object", properties: { city: { type: "string" } }, required: ["city"] }),
  tool("readFile", { type: "object", properties: { path: { type: "string" } }, required: ["path"] }),
];
const ask = (content: string, more: Record<string, unknown> = {}) =>
  plannedCalls(
    parseChatRequest(JSON.stringify({ model: "demo", messages: [{ role: "user", content }], tools, ...more })),
  );
const names = (content: string, more?: Record<string, unknown>) => ask(content, more).map((call) => call.name);

Deno.test("plannedCalls() calls what is named, however it is written", () => {
  assertEquals(names("Please get_weather now"), ["get_weather"]);
  assertEquals(names("Read file `a.txt`, and get weather in Rome"), ["get_weather", "readFile"]);
  assertEquals(names("Read file `a.txt`, and get weather in Rome", { parallel_tool_calls: false }), ["get_weather"]);
});

Deno.test("plannedCalls() calls the tool whose subject is spoken of, or the first when one is asked for", () => {
  assertEquals(ask("What is the weather in Paris?").map((call) => call.arguments), [`{"city":"Paris"}`]);
  assertEquals(names("Use a tool"), ["get_weather"]);
  assertEquals(names("Tell me a joke about files"), []);
});

Deno.test("plannedCalls() obeys tool_choice", () => {
  const named = { type: "function", function: { name: "readFile" } };
  assertEquals(names("get_weather", { tool_choice: "none" }), []);
  assertEquals(names("hello", { tool_choice: "required" }), ["get_weather"]);
  assertEquals(names("get_weather", { tool_choice: named }), ["readFile"]);
  assertEquals(names("get_weather", { tools: null }), []);
});

Deno.test("plannedCalls() stops calling once there are results", () => {
  const messages = [
    { role: "user", content: "get_weather" },
    {
      role: "assistant",
      tool_calls: [{ id: "c1", type: "function", function: { name: "get_weather", arguments: "{}" } }],
    },
    { role: "tool", tool_call_id: "c1", content: "rain" },
  ];
  assertEquals(names("", { messages }), []);
});

Deno.test("plannedCalls() gives the same ids to the same request and others to another", () => {
  const [first, again, other] = [ask("use a tool"), ask("use a tool"), ask("use a tool!")];
  assertEquals(first, again);
  assertNotEquals(first[0]?.id, other[0]?.id);
  const both = ask("readFile and get_weather");
  assert(both[0]?.id !== both[1]?.id);
});

Deno.test("plannedCalls() gives an empty object to a tool without parameters", () => {
  assertEquals(ask("look", { tools: [tool("look")] }).map((call) => call.arguments), ["{}"]);
});
