import type { Content } from "../message.ts";

/** The longest name that is made, in characters as people count them. */
const LONGEST = 60;
/** A word longer than this is cut rather than left out. */
const LONG_WORD = 30;
/** How much is looked at, in UTF-16 units: messages may be as long as books. */
const TEXT = 16_384;
const LINE = 1_000;

/** What a conversation is called after what was said in it: its first line in plain text; null: it holds none. */
export function titleOf(content: Content): string | null {
  for (const text of textsOf(content)) {
    for (const line of text.trimStart().slice(0, TEXT).split(/[\r\n]+/)) {
      const plain = plainLine(line.slice(0, LINE));
      if (plain !== "") return shorten(plain);
    }
  }
  return null;
}

function textsOf(content: Content): string[] {
  if (typeof content === "string") return [content];
  return content.flatMap(({ type, text }) => type === "text" && typeof text === "string" ? [text] : []);
}

function plainLine(line: string): string {
  return line
    .replace(/^\s*(`{3,}|~{3,}).*$/, "") // a fence
    .replace(/^(\s|>|#{1,6}\s|[-*+]\s|\d{1,9}[.)]\s)+/, "")
    .replace(/^([-*_=]\s*){3,}$/, "") // a rule
    .replace(/!?\[([^\][]*)\]\([^()\s]*\)/g, "$1")
    .replace(/`+|~~/g, "")
    .replace(/(?<![\p{L}\p{N}])\*+(?=\S)|(?<=\S)\*+(?![\p{L}\p{N}])/gu, "")
    .replace(/(?<![\p{L}\p{N}_])_{1,2}(?=\S)|(?<=\S)_{1,2}(?![\p{L}\p{N}_])/gu, "")
    .replace(/[\s\p{Cc}]+/gu, " ")
    .toWellFormed()
    .trim();
}

function shorten(line: string): string {
  const letters = Array.from(new Intl.Segmenter().segment(line), ({ segment }) => segment);
  if (letters.length <= LONGEST) return line;
  const kept = letters.slice(0, LONGEST - 1);
  const border = letters[LONGEST - 1] === " " ? kept.length : kept.lastIndexOf(" ");
  const end = border >= LONGEST - 1 - LONG_WORD ? border : kept.length;
  return `${kept.slice(0, end).join("").trimEnd()}…`;
}
