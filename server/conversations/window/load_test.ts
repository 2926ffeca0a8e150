import { assertEquals } from "@std/assert";
import { assistantMessage, systemMessage, toolMessage, userMessage } from "./chat_messages.ts";
import { join, loadOf, toolsLoad } from "./load.ts";

Deno.test("loadOf() takes a message for its frame and its text", () => {
  assertEquals(loadOf(systemMessage("Be brief.")), { fixed: 4, texts: ["Be brief."] });
  assertEquals(loadOf(userMessage("")), { fixed: 4, texts: [] });
});

Deno.test("loadOf() takes an image for 1,500 tokens however long its data is, and the texts beside it", () => {
  const url = "data:image/png;base64," + "A".repeat(100_000);
  const content = [{ type: "text", text: "Look" }, { type: "image_url", image_url: { url } }];
  assertEquals(loadOf(userMessage(content)), { fixed: 1504, texts: ["Look"] });
  assertEquals(loadOf(userMessage([{ type: "file", file: { file_data: url } }])), { fixed: 1504, texts: [] });
});

Deno.test("loadOf() takes a part it does not know for its JSON", () => {
  assertEquals(loadOf(userMessage([{ type: "odd", words: ["a"] }])).texts, ['{"type":"odd","words":["a"]}']);
});

Deno.test("loadOf() counts calls with their ids, names and arguments, and the id of a result", () => {
  const calls = [{ id: "c1", name: "look", arguments: '{"at":1}' }, { id: "c2", name: "wait", arguments: "" }];
  assertEquals(loadOf(assistantMessage("", calls)), {
    fixed: 4 + 2 * 8,
    texts: ["c1", "look", '{"at":1}', "c2", "wait", "{}"],
  });
  assertEquals(loadOf(toolMessage("c1", "found")), { fixed: 4, texts: ["c1", "found"] });
});

Deno.test("toolsLoad() takes tools for their JSON, as it is sent", () => {
  assertEquals(toolsLoad([]), { fixed: 0, texts: [] });
  assertEquals(toolsLoad([{ name: "look" }]).texts, ['{"type":"function","function":{"name":"look"}}']);
});

Deno.test("join() puts loads together", () => {
  assertEquals(join([{ fixed: 1, texts: ["a"] }, { fixed: 2, texts: [] }, { fixed: 0, texts: ["b"] }]), {
    fixed: 3,
    texts: ["a", "b"],
  });
});
