import { assertEquals } from "@std/assert";
import type { Message } from "../message.ts";
import { toChatMessages } from "./chat_messages.ts";
import { calling, message, result } from "./messages_fixture.ts";

const sent = (...messages: readonly Message[]) => toChatMessages(messages).map((each) => each.message);
const ids = (...messages: readonly Message[]) => toChatMessages(messages).map(({ id }) => id).join(" ");
const HI = message("u", "user", "Hi");

Deno.test("toChatMessages() speaks OpenAI's dialect", () => {
  assertEquals(sent(HI, calling("a", "", "c1"), result("r", "c1", "42"), message("b", "assistant", "So it is.")), [
    { role: "user", content: "Hi" },
    {
      role: "assistant",
      content: null,
      tool_calls: [{ id: "c1", type: "function", function: { name: "look", arguments: "{}" } }],
    },
    { role: "tool", tool_call_id: "c1", content: "42" },
    { role: "assistant", content: "So it is." },
  ]);
});

Deno.test("toChatMessages() sends arguments that are no JSON object as one, and others as the model wrote them", () => {
  const cut = '{"where": "Ber';
  const written = ["", cut, '{"n": 1.0}'];
  const calls = written.map((text, index) => ({ id: `c${index}`, name: "look", arguments: text }));
  const reply = { ...calling("a", ""), toolCalls: calls };
  const [message] = sent(reply, ...calls.map(({ id }) => result(`r${id}`, id)));
  assertEquals(
    message?.tool_calls,
    ["{}", JSON.stringify({ _raw: cut }), '{"n": 1.0}'].map((text, index) => ({
      id: `c${index}`,
      type: "function",
      function: { name: "look", arguments: text },
    })),
  );
});

Deno.test("toChatMessages() passes content parts on as they are", () => {
  const content = [{ type: "image_url", image_url: { url: "data:image/png;base64,AA", detail: "low" } }];
  assertEquals(sent(message("u", "user", content)), [{ role: "user", content }]);
});

Deno.test("toChatMessages() sends what was said before a stop, and leaves out what says nothing", () => {
  const half = message("a", "assistant", "Half a", { status: "stopped" });
  const none = message("b", "assistant", "", { status: "failed" });
  const blank = message("c", "assistant", [{ type: "text", text: " \n" }]);
  assertEquals(ids(HI, half, HI, none, blank, HI), "u a u u");
});

Deno.test("toChatMessages() sends a reply without its calls where one has no result", () => {
  assertEquals(sent(calling("a", "I look.", "c1", "c2"), result("r", "c1")), [
    { role: "assistant", content: "I look." },
  ]);
  assertEquals(sent(calling("a", "", "c1")), []);
});

Deno.test("toChatMessages() leaves out results without a call, second results, and late ones", () => {
  assertEquals(ids(result("x", "c1"), HI, result("y", "c1")), "u");
  assertEquals(ids(calling("a", "", "c1"), result("r", "c1"), result("s", "c1"), result("t", "c2")), "a r");
  assertEquals(ids(calling("a", "", "c1"), HI, result("r", "c1")), "u");
  assertEquals(ids(calling("a", "", "c1"), message("t", "tool", "lost")), "");
});

Deno.test("toChatMessages() wants a result for each of two calls with one id", () => {
  assertEquals(ids(calling("a", "", "c1", "c1"), result("r", "c1")), "");
  assertEquals(ids(calling("a", "", "c1", "c1"), result("r", "c1"), result("s", "c1")), "a r s");
});
