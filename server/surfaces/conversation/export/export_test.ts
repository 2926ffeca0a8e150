import { assert, assertEquals, assertRejects } from "@std/assert";
import fc from "fast-check";
import type { Message } from "../../../conversations/mod.ts";
import { settle } from "../../../effects/fake_clock.ts";
import { conversationFixture, messageOf, replyOf, sessionOf, told } from "../conversation_fixture.ts";

const EXPORT = "GET /conversation/session/01SESSION/export";

const text = fc.oneof(
  fc.string({ unit: "binary", maxLength: 30 }),
  fc.constantFrom("```js\nx", "# h\n", '"\\', "\ud800"),
);
const message: fc.Arbitrary<Message> = fc.record({
  role: fc.constantFrom("user", "assistant", "tool"),
  content: fc.oneof(text, fc.array(fc.record({ type: fc.constantFrom("text", "image_url"), text }), { minLength: 1 })),
  toolCalls: fc.array(fc.record({ id: text, name: text, arguments: text }), { maxLength: 2 }),
  status: fc.constantFrom("complete", "stopped", "failed"),
  metadata: fc.option(fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 1 }), { maxKeys: 2 })),
}).map(messageOf);

Deno.test("an export as JSON parses, and holds the session and its history to the letter", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(message, { maxLength: 6 }), text, async (messages, name) => {
      const { rooms, ask } = conversationFixture();
      rooms.add(sessionOf({ name }), messages);
      const exported = await (await ask(`${EXPORT}?format=json`)).json();
      const session = await (await ask("GET /conversation/session/01SESSION")).json();
      const history = await (await ask("GET /conversation/session/01SESSION/history")).json();
      assertEquals(exported, { session, messages: history.data });
    }),
    { numRuns: 100 },
  );
});

Deno.test("an export is a file, kept by no cache; Markdown unless JSON is asked for", async () => {
  const { rooms, ask } = conversationFixture();
  rooms.add(sessionOf({ name: "Tea" }));
  const cases = [["", "md", "text/markdown; charset=utf-8"], ["?format=json", "json", "application/json"]] as const;
  for (const [query, ending, type] of cases) {
    const { headers, body } = await ask(EXPORT + query);
    await body?.cancel();
    assertEquals(
      [headers.get("content-type"), headers.get("content-disposition"), headers.get("cache-control")],
      [type, `attachment; filename="Tea.${ending}"`, "no-store"],
    );
  }
  for (const query of ["format=pdf", "format=", "format=md&format=md", "format=constructor"]) {
    assertEquals(await told(await ask(`${EXPORT}?${query}`)), "422 invalid_field format");
  }
  assertEquals(await told(await ask(`${EXPORT}?limit=1`)), "422 invalid_field limit");
});

/** Messages without end; counts what was read. */
function endless() {
  const seen = { read: 0, returned: false };
  async function* messages(): AsyncGenerator<Message, void, undefined> {
    try {
      for (;;) {
        seen.read++;
        await Promise.resolve();
        yield replyOf();
      }
    } finally {
      seen.returned = true;
    }
  }
  return { seen, messages };
}

for (const format of ["md", "json"]) {
  Deno.test(`an export as ${format} reads no more than its client takes, and stops when that one leaves`, async () => {
    const { rooms, ask } = conversationFixture();
    rooms.add(sessionOf());
    const { seen, messages } = endless();
    rooms.forwards = messages;
    const reader = (await ask(`${EXPORT}?format=${format}`)).body?.getReader();
    await settle();
    assertEquals(seen.read, 0);
    for (let i = 0; i < 10; i++) await reader?.read();
    await settle();
    assert(seen.read <= 10, `${seen.read} messages were read for 10 pieces`);
    assertEquals(seen.returned, false);
    await reader?.cancel();
    await settle();
    assertEquals(seen.returned, true);
  });

  Deno.test(`an export as ${format} breaks off when the store fails: no part is taken for the whole`, async () => {
    const { rooms, ask } = conversationFixture();
    rooms.add(sessionOf());
    rooms.forwards = async function* () {
      yield await Promise.resolve(messageOf());
      throw new Error("the store is gone");
    };
    const response = await ask(`${EXPORT}?format=${format}`);
    assertEquals(response.status, 200);
    await assertRejects(() => response.text(), Error, "the store is gone");
  });
}
