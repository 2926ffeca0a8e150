/** A frame that is no good request, and the codes of what it is answered with. */
export interface RequestCase {
  readonly name: string;
  readonly frame: string;
  readonly codes: readonly number[];
}

const DEPTH = 100_000;
const nested = (open: string, close: string) => open.repeat(DEPTH) + close.repeat(DEPTH);
const ask = (method: string, params: unknown) => JSON.stringify({ jsonrpc: "2.0", id: 1, method, params });
const deep = (method: string, params: string) => `{"jsonrpc":"2.0","id":1,"method":"${method}","params":${params}}`;

const all = (code: number, frames: Readonly<Record<string, string>>): RequestCase[] =>
  Object.entries(frames).map(([name, frame]) => ({ name, frame, codes: [code] }));

const HISTORY = [{ role: "user", content: "now" }];
const RESULT = { tool_call_id: "c", tool_name: "f", result: 1 };

/** All of them; no task runs when they come. */
export const REQUEST_CASES: readonly RequestCase[] = [
  ...all(-32700, {
    "half an object": '{"jsonrpc":"2.0","id":1',
    "two objects": `${ask("cancel", {})}${ask("cancel", {})}`,
    "no quotes": "{jsonrpc:2}",
    "a NUL": "\0",
    "an end too much": `${ask("cancel", {})}}`,
    "a lone surrogate's escape, cut": '{"id":"\\ud8',
    "arrays in arrays without end": "[".repeat(DEPTH),
    "arrays in arrays": nested("[", "]"),
    "a batch of arrays in arrays": `[${nested("[", "]")}]`,
    "parameters that are too deep": deep("cancel", nested('{"a":', "}").replace("}", "1}")),
    "a history that is too deep": deep("generate", `{"history":[{"role":"user","content":${nested("[", "]")}}]}`),
    "a result that is too deep": deep(
      "tool_result",
      `{"task_id":"x","results":[{"tool_call_id":"c","tool_name":"f","result":${nested("[", "]")}}]}`,
    ),
  }),
  ...all(-32600, {
    "a number": "1",
    "null": "null",
    "text": '"generate"',
    "an empty object": "{}",
    "no version": '{"id":1,"method":"cancel"}',
    "version 1": '{"jsonrpc":"1.0","id":1,"method":"cancel"}',
    "a version that is a number": '{"jsonrpc":2.0,"id":1,"method":"cancel"}',
    "a method that is a number": '{"jsonrpc":"2.0","id":1,"method":1}',
    "no method": '{"jsonrpc":"2.0","id":1}',
    "an id that is an object": '{"jsonrpc":"2.0","id":{},"method":"cancel"}',
    "parameters that are a number": '{"jsonrpc":"2.0","id":1,"method":"cancel","params":1}',
    "a key twice": '{"jsonrpc":"2.0","id":1,"method":"cancel","method":"generate"}',
    "an answer": '{"jsonrpc":"2.0","id":1,"result":{}}',
    "an empty batch": "[]",
    "a batch of 101": `[${Array(101).fill(ask("cancel", {}))}]`,
    "a batch of half a million": `[${Array(500_000).fill(1)}]`,
  }),
  { name: "a batch of nothing that could be asked", frame: "[1,null,[]]", codes: [-32600, -32600, -32600] },
  {
    name: "a batch of all kinds",
    frame: `[${ask("none", {})},${ask("generate", {})},${ask("tool_result", { task_id: "x", results: [] })},7]`,
    codes: [-32601, -32602, -32001, -32600],
  },
  ...all(-32601, {
    "an unknown method": ask("none", {}),
    "a method of another protocol": ask("initialize", {}),
    "a method that all objects have": ask("constructor", {}),
    "the prototype": ask("__proto__", {}),
    "an empty method": ask("", {}),
  }),
  ...all(-32602, {
    "parameters by position": ask("cancel", []),
    "generate nothing": ask("generate", {}),
    "generate both": ask("generate", { message: "now", history: HISTORY }),
    "a message that is a number": ask("generate", { message: 1 }),
    "an empty message": ask("generate", { message: "" }),
    "parts that are none": ask("generate", { message: [1] }),
    "a history that is an object": ask("generate", { history: {} }),
    "an empty history": ask("generate", { history: [] }),
    "a history of numbers": ask("generate", { history: [1] }),
    "a temperature that is text": ask("generate", { message: "now", temperature: "hot" }),
    "tokens that are none": ask("generate", { message: "now", max_new_tokens: -1 }),
    "tools that are an object": ask("generate", { message: "now", tools: {} }),
    "a tool without a name": ask("generate", { message: "now", tools: [{}] }),
    "a field that is ours": ask("generate", { message: "now", stream: false }),
    "another field that is ours": ask("generate", { message: "now", messages: [] }),
    "cancel a number": ask("cancel", { task_id: 1 }),
    "cancel what it does not know": deep("cancel", '{"__proto__":{"task_id":"x"}}'),
    "results of no task": ask("tool_result", { results: [] }),
    "results that are an object": ask("tool_result", { task_id: "x", results: {} }),
    "results that are numbers": ask("tool_result", { task_id: "x", results: [1] }),
    "a result without a call": ask("tool_result", { task_id: "x", results: [{ ...RESULT, tool_call_id: undefined }] }),
    "a result whose name is a number": ask("tool_result", { task_id: "x", results: [{ ...RESULT, tool_name: 1 }] }),
    "an error that is no boolean": ask("tool_result", { task_id: "x", results: [{ ...RESULT, is_error: "yes" }] }),
    "an error beside a result": ask("tool_result", {
      task_id: "x",
      results: [{ ...RESULT, is_error: true, error_message: "no" }],
    }),
    "a result with more to it": ask("tool_result", { task_id: "x", results: [{ ...RESULT, more: 1 }] }),
  }),
  ...all(-32001, {
    "cancel an unknown task": ask("cancel", { task_id: "x" }),
    "results of an unknown task": ask("tool_result", { task_id: "x", results: [RESULT] }),
  }),
];
