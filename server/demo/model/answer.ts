import { describeAttachments } from "./attachment.ts";
import type { ChatRequest, Message } from "./chat_request.ts";
import { explanation } from "./explanation.ts";
import { longAnswer } from "./long_answer.ts";
import { fenced, many } from "./markdown.ts";
import { SNIPPETS } from "./snippets.ts";
import { textOf } from "./tokens.ts";
import { toolResults } from "./tool_results.ts";
import { type Wish, wishOf } from "./wish.ts";

/**
 * What the demo says, in Markdown.
 *
 * @param variant which of several choices: they open differently
 */
export function answerText(request: ChatRequest, variant: number): string {
  const last = request.messages.at(-1);
  if (last?.role === "tool" || last?.role === "function") return toolResults(request);
  const said = request.messages.findLast((message) => message.role === "user");
  return shown(wishOf(said ? textOf(said) : ""), request, said, variant);
}

function shown(wish: Wish, request: ChatRequest, said: Message | undefined, variant: number): string {
  switch (wish.kind) {
    case "count":
      return Array.from({ length: wish.to }, (_, i) => i + 1).join("\n");
    case "long":
      return longAnswer(wish);
    case "table":
      return table(request);
    case "code":
      return code(wish.languages);
    case "explain":
      return explanation(request, said ? textOf(said) : "", said ? describeAttachments(said) : [], variant);
  }
}

function code(languages: readonly string[]): string {
  const chosen = SNIPPETS.filter(({ language }) => languages.includes(language));
  const snippets = chosen.length > 0 ? chosen : SNIPPETS.slice(0, 2);
  const blocks = snippets.map((snippet) => `### ${snippet.language}\n\n${fenced(snippet.language, snippet.code)}`);
  return `## Counting words

I am a demo model and know one program by heart. It counts the words of a text:

${blocks.join("\n\n")}

A real model would have written what you asked for.`;
}

function table(request: ChatRequest): string {
  const roles = Map.groupBy(request.messages, (message) => message.role);
  const rows = [...roles].map(([role, list]) => {
    const bytes = list.reduce((sum, message) => sum + textOf(message).length, 0);
    return `| ${role} | ${list.length} | ${bytes} |`;
  });
  return `## Your request as a table

| role | messages | characters |
| --- | ---: | ---: |
${rows.join("\n")}

That is ${many(request.messages.length, "message")} in all.`;
}
