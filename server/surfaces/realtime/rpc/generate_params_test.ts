import { assertEquals, assertThrows } from "@std/assert";
import { GatehouseError } from "../../../errors/mod.ts";
import { readGenerate } from "./generate_params.ts";

const history = [{ role: "user", content: "hi" }];

Deno.test("readGenerate() names the parameter that is wrong", () => {
  const rows: [Record<string, unknown>, string][] = [
    [{}, "message"],
    [{ history: null, message: null }, "message"],
    [{ history, message: "hi" }, "history"],
    [{ history: [] }, "history"],
    [{ history: "hi" }, "history"],
    [{ history: [...history, "hi"] }, "history.1"],
    [{ history: [{ content: "hi" }] }, "history.0"],
    [{ history: [{ role: 1 }] }, "history.0"],
    [{ message: "" }, "message"],
    [{ message: [] }, "message"],
    [{ message: 1 }, "message"],
    [{ message: [{ text: "hi" }] }, "message"],
    [{ history, model: 1 }, "model"],
    [{ history, model: "" }, "model"],
    [{ history, temperature: 2.1 }, "temperature"],
    [{ history, temperature: "1" }, "temperature"],
    [{ history, top_p: -0.1 }, "top_p"],
    [{ history, max_tokens: 0 }, "max_tokens"],
    [{ history, max_new_tokens: 1.5 }, "max_new_tokens"],
    [{ history, max_new_tokens: 1e400 }, "max_new_tokens"],
    [{ history, max_new_tokens: 1, max_tokens: 1 }, "max_tokens"],
    [{ history, system_prompt: 1 }, "system_prompt"],
    [{ history, tools: {} }, "tools"],
    [{ history, tools: [{ name: "a b" }] }, "tools.0.name"],
    [{ history, messages: [] }, "messages"],
    [{ history, stream: false }, "stream"],
  ];
  for (const [params, param] of rows) {
    const error = assertThrows(() => readGenerate(params), GatehouseError);
    assertEquals([error.code, error.param], ["invalid_field", param], JSON.stringify(params));
  }
});

Deno.test("readGenerate() takes null as absent, and passes all else on", () => {
  assertEquals(readGenerate({ message: "hi", history: null, tools: null, model: null, seed: null, stop: ["x"] }), {
    kind: "stored",
    content: "hi",
    settings: {},
    tools: null,
    fields: { stop: ["x"] },
  });
  const parts = [{ type: "text", text: "hi" }];
  const message = { role: "user", content: null, name: "x" };
  assertEquals(readGenerate({ message: parts, max_tokens: 3, model: "m", tools: [] }), {
    kind: "stored",
    content: parts,
    settings: { maxTokens: 3, model: "m" },
    tools: [],
    fields: {},
  });
  assertEquals(readGenerate({ history: [message], temperature: 0 }), {
    kind: "stateless",
    messages: [message],
    settings: { temperature: 0 },
    tools: null,
    fields: {},
  });
});
