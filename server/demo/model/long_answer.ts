import { fenced } from "./markdown.ts";
import { SNIPPETS } from "./snippets.ts";

/** Section after section, each with prose, a list now and then, and a code block; until both sizes are reached. */
export function longAnswer(size: { readonly blocks: number; readonly bytes: number }): string {
  const parts = ["# A long answer from the demo model\n\nNothing below is news. It is here to fill your screen."];
  let bytes = 0;
  for (let i = 1; i <= size.blocks || bytes < size.bytes; i++) {
    const part = section(i);
    parts.push(part);
    bytes += part.length;
  }
  return parts.join("\n\n");
}

function section(i: number): string {
  const snippet = SNIPPETS[i % SNIPPETS.length] ?? SNIPPETS[0];
  const { language, code } = snippet ?? { language: "text", code: "" };
  const list = i % 3 === 0
    ? "\n\n1. Read it.\n2. Run it.\n3. *Forget* it: part " + `**${i + 1}** is much the same.`
    : "";
  return `## Part ${i}

Here is \`${language}\` once more, with a mark of its own so that no two parts are the same.${list}

${fenced(language, `${code}\n${comment(language)} part ${i}`)}`;
}

function comment(language: string): string {
  if (language === "sql") return "--";
  return language === "python" || language === "bash" ? "#" : "//";
}
