import { assertEquals, assertThrows } from "@std/assert";
import { parseChatRequest } from "./chat_request.ts";
import { OpenAIError } from "./openai_error.ts";

const user = { role: "user", content: "hi" };

function refused(body: unknown): [status: number, param: string | null, code: string | null, message: string] {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  const { status, param, code, message } = assertThrows(() => parseChatRequest(text), OpenAIError);
  return [status, param, code, message];
}

Deno.test("parseChatRequest() names the field that is missing or wrong", () => {
  const missing = "missing_required_parameter";
  assertEquals(refused({ model: "demo" }), [400, "messages", missing, "Missing required parameter: 'messages'."]);
  assertEquals(refused({ messages: [user] }).slice(0, 3), [400, "model", missing]);
  assertEquals(refused({ model: "demo", messages: [] }).slice(0, 3), [400, "messages", "invalid_value"]);
  assertEquals(refused({ model: 1, messages: [user] }).slice(0, 3), [400, "model", "invalid_type"]);
  assertEquals(refused({ model: "demo", messages: [user, { role: "user" }] }).slice(0, 3), [
    400,
    "messages[1].content",
    missing,
  ]);
  assertEquals(refused({ model: "demo", messages: [{ role: "tool", content: "x" }] })[1], "messages[0].tool_call_id");
  assertEquals(refused({ model: "demo", messages: [{ role: "boss", content: "x" }] })[1], "messages[0].role");
  assertEquals(refused({ model: "demo", messages: [user], max_tokens: 0 })[1], "max_tokens");
  assertEquals(refused({ model: "demo", messages: [user], n: 9 })[1], "n");
  assertEquals(refused({ model: "demo", messages: [user], temperature: 3 })[1], "temperature");
  assertEquals(refused({ model: "demo", messages: [user], stop: ["a", "b", "c", "d", "e"] })[1], "stop");
  const format = { model: "demo", messages: [user], response_format: { type: "json_schema" } };
  assertEquals(refused(format)[1], "response_format.json_schema");
});

Deno.test("parseChatRequest() refuses what is no JSON object", () => {
  assertEquals(refused("{").slice(0, 3), [400, null, null]);
  assertEquals(refused("[]").slice(0, 3), [400, null, null]);
});

Deno.test("parseChatRequest() refuses a tool choice that cannot be", () => {
  const tools = [{ type: "function", function: { name: "look" } }];
  const named = { type: "function", function: { name: "jump" } };
  assertEquals(refused({ model: "demo", messages: [user], tool_choice: "required" })[1], "tool_choice");
  assertEquals(refused({ model: "demo", messages: [user], tools, tool_choice: named })[1], "tool_choice");
});

Deno.test("parseChatRequest() lets unknown fields and nulls through", () => {
  const body = { model: "demo", messages: [user], tools: null, stop: null, reasoning_effort: "high", seed: 1 };
  assertEquals(parseChatRequest(JSON.stringify(body)).reasoning_effort, "high");
});
