import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { ContentBytes, saidInJson } from "./content_bytes.ts";
import { latin1 } from "./latin1.ts";

const NAMES = ["content", "reasoning_content", "reasoning", "refusal", "arguments", "text"];
const utf8 = (text: string) => new TextEncoder().encode(text);

/** What is counted when the text comes in portions of these sizes, in turn. */
function count(text: string, sizes: readonly number[] = [Infinity]): number {
  const whole = latin1(utf8(text));
  const content = new ContentBytes();
  for (let at = 0, i = 0; at < whole.length; i++) {
    const size = sizes[i % sizes.length] ?? 1;
    content.read(whole.slice(at, at + size));
    at += size;
  }
  return content.count;
}

/** The same by the parser: each half of a surrogate pair has two bytes. */
function expected(value: unknown): number {
  if (typeof value !== "object" || value === null) return 0;
  return Object.entries(value).reduce((sum, [name, member]) => {
    const isSaid = NAMES.includes(name) && !Array.isArray(value) && typeof member === "string";
    return sum + (isSaid ? bytesOf(member) : expected(member));
  }, 0);
}

function bytesOf(text: string): number {
  const lone = [...text].filter((character) => /^[\ud800-\udfff]$/.test(character)).length;
  return utf8(text).length - lone;
}

/** JSON with all beyond ASCII as escapes. */
const escaped = (text: string) =>
  text.replace(/[\u0080-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);
/** JSON as Python writes it. */
const spaced = (value: unknown) => JSON.stringify(value, null, 1).replace(/\n */g, " ");

Deno.test("ContentBytes counts what the model says under each of its names, and nothing else", () => {
  for (const name of NAMES) assertEquals(count(`data: {"choices":[{"delta":{"${name}":"abc"}}]}\n\n`), 3);
  assertEquals(count('{"id":"abc","role":"content","model":"text","contents":"abc","ext":"abc","my_text":"abc"}'), 0);
  assertEquals(count('{"content":null,"text":3,"refusal":["abc"],"arguments":{"a":"abc"},"type":"text"}'), 0);
  assertEquals(count('{"content" :\t"abc","reasoning": "de"}'), 5);
});

Deno.test("ContentBytes counts escapes by what they mean", () => {
  const cases: [string, number][] = [
    ["\\n", 1],
    ['\\"', 1],
    ["\\\\", 1],
    ["\\u0041", 1],
    ["\\u00e9", 2],
    ["\\u4E2d", 3],
    ["\\ud83d\\ude00", 4],
    ["é中😀", 9],
    ["", 0],
  ];
  for (const [inside, bytes] of cases) assertEquals(count(`{"content":"${inside}","id":"abc"}`), bytes);
});

Deno.test("ContentBytes does not count twice what a model prints as JSON", () => {
  const said = JSON.stringify({ content: "abc", text: "\\" });
  assertEquals(count(JSON.stringify({ content: said })), said.length);
  assertEquals(count(JSON.stringify({ content: JSON.stringify(said) })), JSON.stringify(said).length);
  assertEquals(count(JSON.stringify({ id: said })), 0);
  assertEquals(count('{"a\\"content":"abc"}'), 0);
});

Deno.test("ContentBytes ends a string with its line", () => {
  const content = new ContentBytes();
  content.readLines('data: {"content":"abc\n\n');
  content.readLines('data: {"id":"abc","content":"de"}\n\n');
  assertEquals(content.count, 5);
  for (const ending of ["\n", "\r"]) {
    assertEquals(count(`{"content":"abc${ending}{"id":"abc","content":"de"}`), 5);
    assertEquals(count(`{"content":"abc\\${ending}{"id":"abc","content":"de"}`), 6);
  }
});

const { value } = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.string({ unit: "binary", maxLength: 12 }),
    fc.constantFrom('"content":"x"', "\\", '\\"text\\": \\"', "content", "\ud83d", null, 1),
    fc.array(tie("value"), { maxLength: 3 }),
    fc.dictionary(fc.oneof(fc.constantFrom(...NAMES), fc.string({ maxLength: 4 })), tie("value"), { maxKeys: 4 }),
  ),
}));
const written = fc.tuple(fc.constantFrom(JSON.stringify, spaced), fc.boolean());

Deno.test("ContentBytes agrees with the parser, in any spelling and in any portions", () => {
  const sizes = fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1, maxLength: 5 });
  fc.assert(
    fc.property(fc.array(value, { maxLength: 4 }), written, sizes, (events, [write, isEscaped], sizes) => {
      const lines = events.map((event) => isEscaped ? escaped(write(event)) : write(event));
      const text = lines.map((line) => `data: ${line}\n\n`).join("");
      const all = lines.reduce((sum, line) => sum + expected(JSON.parse(line)), 0);
      assertEquals(count(text), all);
      assertEquals(count(text, sizes), all);
    }),
    { numRuns: 1000 },
  );
});

Deno.test("ContentBytes gives the same for any text, JSON or not, in any portions", () => {
  const token = fc.constantFrom('"', "\\", "\\u", "00e9", "\n", "\r", ":", " ", '"content":"', '"text"', "a", "{", "é");
  fc.assert(
    fc.property(fc.array(token, { maxLength: 40 }), fc.integer({ min: 1, max: 9 }), (tokens, size) => {
      const text = tokens.join("");
      assertEquals(count(text, [size]), count(text));
    }),
    { numRuns: 1000 },
  );
});

Deno.test("saidInJson() counts within the choices of an answer", () => {
  const message = { role: "assistant", content: "é", tool_calls: [{ function: { name: "f", arguments: "{}" } }] };
  const answer = { text: "abc", choices: [{ message }, { text: "abc" }], search_results: [{ content: "abc" }] };
  assertEquals(saidInJson(utf8(JSON.stringify(answer, null, 2))), 7);
  for (const text of ["", "{}", '{"choices":null}', '{"choices":[{"message":{"content":"abc"}}', "[]"]) {
    assertEquals(saidInJson(utf8(text)), 0);
  }
});
