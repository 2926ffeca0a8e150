import { assertEquals, assertRejects } from "@std/assert";
import { GivenUp, hiddenLines } from "./hidden_lines.ts";

/** Somebody who types these pieces, and what the terminal shows of it. */
function keyboard(...pieces: string[]) {
  const shown: string[] = [];
  return {
    shown,
    read: () => Promise.resolve(pieces.shift() ?? null),
    show: (text: string) => void shown.push(text),
  };
}

Deno.test("hiddenLines() shows the prompts and nothing that is typed", async () => {
  const keys = keyboard("ab", "c\r", "déf\n");
  assertEquals(await hiddenLines(keys, ["One: ", "Two: "]), ["abc", "déf"]);
  assertEquals(keys.shown, ["One: ", "\n", "Two: ", "\n"]);
});

Deno.test("hiddenLines() keeps what is pasted beyond a line for the next", async () => {
  assertEquals(await hiddenLines(keyboard("abc\rabc\r"), ["", ""]), ["abc", "abc"]);
  assertEquals(await hiddenLines(keyboard("abc\r\nabc\r\n"), ["", ""]), ["abc", "abc"]);
});

Deno.test("hiddenLines() takes back, clears, and leaves out what is no character", async () => {
  assertEquals(await hiddenLines(keyboard("\u007fabX\u007fc\u0000", "\u001b[D", "d\r"), [""]), ["abcd"]);
  assertEquals(await hiddenLines(keyboard("wrong\u0015right\r"), [""]), ["right"]);
  assertEquals(await hiddenLines(keyboard("a😀\b\r"), [""]), ["a"]);
});

Deno.test("hiddenLines() ends its line when somebody gives up", async () => {
  for (const pieces of [["ab\u0003c\r"], ["\u0004"], ["ab"]]) {
    const keys = keyboard(...pieces);
    await assertRejects(() => hiddenLines(keys, ["One: ", "Two: "]), GivenUp);
    assertEquals(keys.shown, ["One: ", "\n"]);
  }
});
