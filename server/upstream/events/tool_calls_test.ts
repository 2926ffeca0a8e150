import { assertEquals } from "@std/assert";
import { ToolCalls } from "./tool_calls.ts";

Deno.test("ToolCalls puts calls together from their pieces, in turns or not", () => {
  const calls = new ToolCalls();
  const piece = { type: "tool_call_delta", choice: 0 } as const;
  calls.add({ ...piece, index: 0, id: "a", name: "f", arguments: '{"x"' });
  calls.add({ ...piece, index: 1, name: "g", arguments: "" });
  calls.add({ ...piece, index: 0, arguments: ":1}" });
  assertEquals(calls.list(), [
    { id: "a", name: "f", arguments: '{"x":1}' },
    { id: "call_1", name: "g", arguments: "" },
  ]);
});
