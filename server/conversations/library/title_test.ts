import { assertEquals } from "@std/assert";
import { titleOf } from "./title.ts";

Deno.test("titleOf() takes the first line in plain text", () => {
  const cases: readonly (readonly [string, string | null])[] = [
    ["Hello", "Hello"],
    ["\n \n## **Why** is  `x_y_z`\tnot _here_?\nmore", "Why is x_y_z not here?"],
    ["> - [ ] a [link](http://x/y) and ![image](z.png)", "[ ] a link and image"],
    ["```ts\nconst a = 1;\n```", "const a = 1;"],
    ["---\n1. first", "first"],
    ["2 * 3 = 6, and 2*3", "2 * 3 = 6, and 2*3"],
    ["an **important *word***, ~~old~~", "an important word, old"],
    ["???", "???"],
    ["a\u0000\u001bb", "a b"],
    [" \n\t\r\n", null],
    ["", null],
  ];
  for (const [text, title] of cases) assertEquals(titleOf(text), title, JSON.stringify(text));
});

Deno.test("titleOf() cuts at a word, at most 60 characters, and no character in two", () => {
  assertEquals(titleOf("a".repeat(60)), "a".repeat(60));
  assertEquals(titleOf("a".repeat(61)), `${"a".repeat(59)}…`);
  assertEquals(titleOf(`${"word ".repeat(20)}`), `${"word ".repeat(11)}word…`);
  assertEquals(titleOf(`${"w".repeat(59)} more`), `${"w".repeat(59)}…`);
  assertEquals(titleOf(`${"w ".repeat(5)}${"x".repeat(80)}`), `${"w ".repeat(5)}${"x".repeat(49)}…`);
  const family = "👨‍👩‍👧";
  assertEquals(titleOf(family.repeat(61)), `${family.repeat(59)}…`);
});

Deno.test("titleOf() reads the text of content parts", () => {
  const image = { type: "image_url", image_url: { url: "data:" } };
  assertEquals(titleOf([image, { type: "text", text: " " }, { type: "text", text: "What is this?" }]), "What is this?");
  assertEquals(titleOf([image, { type: "text", text: 7 }]), null);
});

Deno.test("titleOf() is quick with what is long and strange", () => {
  for (const piece of ["[", "_", "*", "`", "- ", " ", "> ", "![](", "1. "]) titleOf(piece.repeat(500_000));
});
