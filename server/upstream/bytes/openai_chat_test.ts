import { assertEquals } from "@std/assert";
import { openaiChat } from "./openai_chat.ts";

const USAGE = { prompt_tokens: 3, completion_tokens: 4, total_tokens: 7 };
const quiet = { usage: null, usageOnly: false, finished: false, failed: false };

const read = (event: unknown) => openaiChat.readEvent(JSON.stringify(event));

Deno.test("readEvent() tells a usage-only event from others", () => {
  assertEquals(read({ choices: [], usage: USAGE }), { ...quiet, usage: USAGE, usageOnly: true });
  assertEquals(read({ choices: [{ delta: {} }], usage: USAGE }), { ...quiet, usage: USAGE });
  assertEquals(read({ choices: [], usage: null }), quiet);
  assertEquals(read({ choices: [], prompt_filter_results: [{}] }), quiet);
});

Deno.test("readEvent() sees a finish reason in any choice", () => {
  assertEquals(read({ choices: [{ finish_reason: null }, { finish_reason: "stop" }] }).finished, true);
  assertEquals(read({ choices: [{ finish_reason: null }, null, 1] }).finished, false);
});

Deno.test("readEvent() sees the upstream's own failure", () => {
  assertEquals(read({ error: { message: "overloaded" } }).failed, true);
  assertEquals(read({ error: "overloaded" }).failed, true);
  assertEquals(read({ choices: [], error: null }).failed, false);
});

Deno.test("readEvent() makes nothing of garbage", () => {
  for (const data of ["", "{", "null", "[]", "1", '{"choices":{}}']) assertEquals(openaiChat.readEvent(data), quiet);
});

Deno.test("readUsage() takes whole counts and adds up a missing total", () => {
  assertEquals(openaiChat.readUsage({ ...USAGE, prompt_tokens_details: {} }), USAGE);
  assertEquals(openaiChat.readUsage({ prompt_tokens: 3, completion_tokens: 4 }), USAGE);
  const halves = [{ prompt_tokens: 3 }, { prompt_tokens: -1, completion_tokens: 4 }];
  const wrong = [{ prompt_tokens: "3", completion_tokens: 0.5 }, { prompt_tokens: 3, completion_tokens: 1e300 }];
  for (const value of [null, 1, {}, [], ...halves, ...wrong]) assertEquals(openaiChat.readUsage(value), null);
});

Deno.test("hint finds what must be read and passes over what need not be", () => {
  const found = [
    "data: [DONE]",
    '{"usage":{"a":1}}',
    '{"usage" : {"a":1}}',
    '{"finish_reason": "stop"}',
    '{"error":{"message":"x"}}',
    '{"error": "x"}',
  ];
  for (const text of found) assertEquals(openaiChat.hint.test(text), true, text);
  const quiet = [{ usage: null }, { finish_reason: null }, { content: '"usage": {"finish_reason":"stop"' }];
  for (const event of quiet) assertEquals(openaiChat.hint.test(JSON.stringify(event)), false);
});

Deno.test("errorEvent() is one event that carries the error body", () => {
  const body = {
    error: { message: "a\nb", type: "api_error", param: null, code: "upstream_truncated" },
    detail: "a\nb",
  } as const;
  assertEquals(new TextDecoder().decode(openaiChat.errorEvent(body)), `data: ${JSON.stringify(body)}\n\n`);
});
