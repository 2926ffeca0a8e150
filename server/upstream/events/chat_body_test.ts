import { assertEquals } from "@std/assert";
import { chatBody } from "./chat_body.ts";

function bodyOf(stream: boolean, askUsage: boolean): unknown {
  const fields = { messages: [{ role: "user", content: "grüße" }], temperature: 0, model: "other", stream: "x" };
  return JSON.parse(new TextDecoder().decode(chatBody(fields, { model: "m1", stream, askUsage })));
}

Deno.test("chatBody() sets what the gate decides on, and asks for usage only of a stream", () => {
  const fields = { messages: [{ role: "user", content: "grüße" }], temperature: 0, model: "m1" };
  assertEquals(bodyOf(true, true), { ...fields, stream: true, stream_options: { include_usage: true } });
  assertEquals(bodyOf(true, false), { ...fields, stream: true });
  assertEquals(bodyOf(false, true), { ...fields, stream: false });
});
