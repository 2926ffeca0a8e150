import { assertEquals } from "@std/assert";
import { openaiFields } from "./openai_fields.ts";

Deno.test("openaiFields() leaves absent fields absent, null ones too", () => {
  const messages = [{ role: "user", content: "hi", name: "x" }];
  const nothing = { temperature: null, max_tokens: null, tools: [], tool_choice: null, model: null, timeout: 3 };
  assertEquals(openaiFields({ messages, ...nothing }), { messages });
  const given = { temperature: 0, max_tokens: 5, tool_choice: "none" };
  assertEquals(openaiFields({ messages, ...given }), { messages, ...given });
});

Deno.test("openaiFields() takes tool calls back as this dialect gave them out", () => {
  const openai = { id: "t0", type: "function", function: { name: "f", arguments: "{}" } };
  const messages = [{
    role: "assistant",
    content: "",
    tool_calls: [
      { id: "t1", name: "f", arguments: { a: [1] } },
      { id: "t2", name: "f", arguments: { _raw: "{a:" } },
      { id: "t3", name: "f", arguments: '{"b":1}' },
      { id: "t4", name: "f" },
      openai,
    ],
  }, { role: "tool", tool_call_id: "t1", content: "ok" }];
  const call = (id: string, text: string) => ({ id, type: "function", function: { name: "f", arguments: text } });
  assertEquals(openaiFields({ messages }).messages, [
    {
      role: "assistant",
      content: "",
      tool_calls: [call("t1", '{"a":[1]}'), call("t2", "{a:"), call("t3", '{"b":1}'), call("t4", "{}"), openai],
    },
    messages[1],
  ]);
});

Deno.test("openaiFields() takes tools in OpenAI's form and bare", () => {
  const bare = { name: "f", description: "does f", parameters: { type: "object" } };
  const openai = { type: "function", function: { name: "g" } };
  assertEquals(openaiFields({ messages: [], tools: [bare, openai] }).tools, [
    { type: "function", function: bare },
    openai,
  ]);
});
