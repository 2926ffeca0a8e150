import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { readChatRequest } from "./chat_request.ts";
import { jsonBytes } from "./json_bytes.ts";
import { MAX_DEPTH } from "./json_scan.ts";
import { estimateRequest } from "./request_estimate.ts";

const tokens = (fields: Record<string, unknown>) => estimateRequest(fields).promptTokens;
const tokensOf = (message: unknown) => tokens({ messages: [message] });
const utf8 = (text: string) => new TextEncoder().encode(text);

Deno.test("estimateRequest() takes four bytes of text for a token, rounded up", () => {
  assertEquals(tokens({}), 0);
  assertEquals(tokensOf({ role: "user", content: "" }), 0);
  assertEquals(tokensOf({ role: "user", content: "abcd" }), 1);
  assertEquals(tokensOf({ role: "user", content: "abcde" }), 2);
  assertEquals(tokensOf({ role: "user", content: "é中😀\n" }), 3);
  assertEquals(tokens({ messages: ["ab", "cd", "ef"].map((content) => ({ role: "user", content })) }), 2);
});

Deno.test("estimateRequest() counts parts, names, refusals, tool calls and tool results", () => {
  const text = (type: string) => ({ type, text: "x".repeat(40) });
  assertEquals(tokensOf({ role: "user", content: [text("text"), text("input_text"), "x".repeat(40)] }), 30);
  assertEquals(tokensOf({ role: "user", content: "x".repeat(40), name: "n".repeat(40) }), 20);
  assertEquals(tokensOf({ role: "assistant", content: null, refusal: "r".repeat(40) }), 10);
  assertEquals(tokensOf({ role: "assistant", content: [{ type: "refusal", refusal: "r".repeat(40) }] }), 10);
  const call = { id: "call_1", type: "function", function: { name: "n".repeat(40), arguments: "a".repeat(40) } };
  assertEquals(tokensOf({ role: "assistant", content: null, tool_calls: [call, call] }), 40);
  assertEquals(tokensOf({ role: "tool", tool_call_id: "call_1", content: "r".repeat(40) }), 10);
});

Deno.test("estimateRequest() counts tools, functions and the response format by their JSON", () => {
  const schema = { type: "object", properties: { "é": { type: "string", default: 'a"\n' } } };
  const expected = Math.ceil(utf8(JSON.stringify(schema)).length / 4);
  for (const name of ["tools", "functions", "response_format"]) assertEquals(tokens({ [name]: schema }), expected);
  assertEquals(tokens({ tools: null }), 0);
  assertEquals(tokens({ tools: ["data:text/plain,".padEnd(398, "x")] }), 101);
});

Deno.test("estimateRequest() takes 1,000 tokens for an image, a sound or a file of any length", () => {
  const url = `data:image/png;base64,${"A".repeat(1_000_000)}`;
  for (
    const part of [
      { type: "image_url", image_url: { url } },
      { image_url: { url: "https://example.com/a.png" } },
      { type: "input_audio", input_audio: { data: url, format: "wav" } },
      { type: "file", file: { file_data: url } },
    ]
  ) assertEquals(tokensOf({ role: "user", content: [part, { type: "text", text: "what?" }] }), 1002);
  assertEquals(tokensOf({ role: "user", content: [{ type: "text", text: "x".repeat(80_000), file: 1 }] }), 21_000);
});

Deno.test("estimateRequest() counts other forms by their JSON, without data URLs", () => {
  const part = { type: "new", deep: [{ url: "data:image/png;base64,AAAA" }, 1.5, null, true] };
  const expected = JSON.stringify(part).length - "data:image/png;base64,AAAA".length;
  assertEquals(tokensOf({ role: "user", content: [part] }), Math.ceil(expected / 4));
  assertEquals(tokensOf({ role: "user", content: part }), Math.ceil(expected / 4));
  assertEquals(tokensOf(part), Math.ceil((JSON.stringify(part.deep).length - 26 + 3) / 4));
  assertEquals(tokens({ messages: "x".repeat(40) }), 10);
});

Deno.test("estimateRequest() reads the limit of the output and the number of choices", () => {
  const limits: [Record<string, unknown>, number | null][] = [
    [{}, null],
    [{ max_tokens: 7 }, 7],
    [{ max_tokens: 7, max_completion_tokens: 5 }, 5],
    [{ max_tokens: 7, max_completion_tokens: null }, 7],
    [{ max_tokens: 0 }, 0],
    [{ max_tokens: 1.2 }, 2],
    [{ max_tokens: 1e300 }, Number.MAX_SAFE_INTEGER],
    [{ max_tokens: Infinity }, null],
    [{ max_tokens: -1 }, null],
    [{ max_tokens: "7" }, null],
  ];
  for (const [fields, expected] of limits) assertEquals(estimateRequest(fields).maxOutput, expected);
  const choices: [unknown, number][] = [[undefined, 1], [3, 3], [0, 1], [-2, 1], [1.5, 1], ["3", 1], [1e9, 1000]];
  for (const [n, expected] of choices) assertEquals(estimateRequest({ n }).choices, expected);
});

Deno.test("estimateRequest() never throws, whatever the fields hold", () => {
  const names = ["role", "content", "tool_calls", "function", "arguments", "text", "type", "audio", "__proto__"];
  const { message } = fc.letrec((tie) => ({
    message: fc.oneof(
      { maxDepth: 4 },
      fc.jsonValue(),
      fc.array(tie("message"), { maxLength: 3 }),
      fc.dictionary(fc.constantFrom(...names), tie("message"), { maxKeys: 4 }),
    ),
  }));
  fc.assert(fc.property(message, fc.jsonValue(), fc.jsonValue(), (message, tools, other) => {
    const fields = { messages: [message], tools, max_tokens: other, n: other };
    const { promptTokens, maxOutput, choices } = estimateRequest(fields);
    assert(Number.isSafeInteger(promptTokens) && promptTokens >= 0);
    assert(maxOutput === null || Number.isSafeInteger(maxOutput));
    assert(Number.isSafeInteger(choices) && choices >= 1);
    assert(estimateRequest({ messages: message }).promptTokens >= 0);
  }));
  let deep: unknown = 1;
  for (let level = 0; level < 100_000; level++) deep = level % 2 === 0 ? [deep] : { content: deep };
  assert(tokens({ messages: deep, tools: deep, response_format: [deep] }) > 100_000);
  assert(tokensOf({ content: [deep], tool_calls: [deep], other: deep }) > 100_000);
});

Deno.test("jsonBytes() is the length of the JSON text", () => {
  fc.assert(fc.property(fc.jsonValue({ noUnicodeString: false }), (value) => {
    assertEquals(jsonBytes(value), utf8(JSON.stringify(value)).length);
  }));
});

Deno.test("estimate() of a request as bytes is that of its fields, in whatever spelling", () => {
  const fields = {
    model: "m",
    messages: [{ role: "user", content: "h\u00e9llo \ud83d\ude00" }],
    tools: [{ type: "function", function: { name: "f", parameters: {} } }],
    max_completion_tokens: 12,
    n: 2,
  };
  const spelled = JSON.stringify(fields, null, 2).replace("é", "\\u00e9").replace('"messages"', '"mess\\u0061ges"');
  const request = readChatRequest(utf8(spelled));
  assert(request.ok);
  assertEquals(request.estimate(), estimateRequest(fields));
  assertEquals(request.estimate() === request.estimate(), true);
});

Deno.test("estimate() bears bytes that are no UTF-8 and requests of the greatest depth", () => {
  const broken = utf8('{"messages":[{"content":"??"}]}');
  broken.set([0xff, 0xfe], broken.indexOf(0x3f));
  const request = readChatRequest(broken);
  assert(request.ok);
  assertEquals(request.estimate().promptTokens, 2);
  const depth = MAX_DEPTH - 1;
  const deep = readChatRequest(utf8(`{"messages":${"[".repeat(depth)}${"]".repeat(depth)}}`));
  assert(deep.ok);
  assert(deep.estimate().promptTokens > 0);
});
