import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { messageOf, NOON, replyOf, sessionOf } from "../conversation_fixture.ts";
import type { Message, Session } from "../../../conversations/mod.ts";
import { fenced, withFenceClosed } from "./fence.ts";
import { markdownPieces } from "./markdown.ts";

const TIME = new Date(NOON).toISOString();

async function markdown(session: Session, messages: readonly Message[]): Promise<string> {
  const all = async function* () {
    for (const message of messages) yield await Promise.resolve(message);
  };
  return (await Array.fromAsync(markdownPieces(session, all()))).join("");
}

Deno.test("a conversation reads as a document: who, when, how it ended, and what was said as it was said", async () => {
  const image = (url: string) => ({ type: "image_url", image_url: { url } });
  const messages = [
    messageOf({
      content: [
        { type: "text", text: "What is *it*?" },
        image("data:image/png;base64,AAAA"),
        image("https://x.example/a b>.png"),
        { type: "input_audio", input_audio: { data: "AAAA" } },
      ],
    }),
    replyOf({ content: "", toolCalls: [{ id: "c1", name: "look", arguments: '{"at":"```"}' }] }),
    messageOf({ role: "tool", toolCallId: "c1", content: "a cat\n" }),
    replyOf({ content: "A *cat*:\n```js\ncat", status: "stopped" }),
    messageOf({ content: "thanks" }),
  ];
  assertEquals(
    await markdown(sessionOf({ name: "A\ncat", lastModel: "m1" }), messages),
    `# A cat

${TIME} · m1

## User · ${TIME}

What is *it*?

(Image, image/png, not included)

[Image](<https://x.example/a%20b%3E.png>)

(input_audio, not included)

## Assistant · ${TIME}

Calls look (c1):

\`\`\`\`json
{"at":"\`\`\`"}
\`\`\`\`

## Tool · ${TIME}

Result of c1:

\`\`\`text
a cat
\`\`\`

## Assistant · ${TIME} · stopped

A *cat*:
\`\`\`js
cat
\`\`\`

## User · ${TIME}

thanks
`,
  );
});

Deno.test("a conversation without a name, a model or a message is a document too", async () => {
  assertEquals(await markdown(sessionOf(), []), `# Conversation\n\n${TIME}\n`);
});

/** Texts full of fences. */
const fences = fc.array(
  fc.constantFrom("`", "```", "````", "~~~", "~~~~", "\n", " ", "   ", "    ", "js", "x", "- ", "\r\n"),
  { maxLength: 12 },
).map((pieces) => pieces.join(""));

Deno.test("fenced() holds any text: no line of it closes the fence", () => {
  fc.assert(fc.property(fences, (text) => {
    const [first = "", ...lines] = fenced(text, "text").split("\n");
    const fence = first.slice(0, -"text".length);
    assert(/^`{3,}$/.test(fence));
    assertEquals(lines.pop(), fence);
    assert(!lines.some((line) => line.includes(fence)));
    assertEquals(lines.join("\n"), text.endsWith("\n") ? text.slice(0, -1) : text);
  }));
});

Deno.test("withFenceClosed() keeps the text, adds at most one line, and nothing to what it has closed", () => {
  fc.assert(fc.property(fences, (text) => {
    const closed = withFenceClosed(text);
    assert(closed.startsWith(text));
    assert(/^\n? {0,3}(?:`{3,}|~{3,})$|^$/.test(closed.slice(text.length)), closed);
    assertEquals(withFenceClosed(closed), closed);
  }));
});

Deno.test("withFenceClosed() closes what a cut reply leaves open, and nothing else", () => {
  const cases = [
    ["a\n```js\nx", "\n```"],
    ["a\n```js\nx\n", "```"],
    ["````\n```\n", "````"],
    ["~~~\n```\n", "~~~"],
    ["- a\n  ```js\n  x", "\n  ```"],
    ["```js\nx\n```", ""],
    ["```\nx\n  ````  ", ""],
    ["```\nx\n``` js", "\n```"],
    ["``` a ` b", ""],
    ["a ```", ""],
    ["    ```", ""],
    ["", ""],
  ] as const;
  for (const [text, added] of cases) assertEquals(withFenceClosed(text), text + added);
});
