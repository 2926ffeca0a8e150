import type { ChatRequest } from "./chat_request.ts";
import { fenced, many, shortened } from "./markdown.ts";
import { textOf } from "./tokens.ts";

const MOST_RESULT = 2_000;

/** What the demo says once its tools have answered: each tool's result, in order. */
export function toolResults(request: ChatRequest): string {
  const { messages } = request;
  const round = messages.slice(messages.findLastIndex(({ role }) => role !== "tool" && role !== "function") + 1);
  const names = new Map<string, string>();
  for (const message of messages) {
    if (message.role !== "assistant") continue;
    for (const call of message.tool_calls ?? []) if (call.function) names.set(call.id, call.function.name);
  }
  const results = round.map((message) => {
    const named = message.role === "function" ? message.name : undefined;
    const name = named ?? (message.role === "tool" ? names.get(message.tool_call_id) : undefined) ?? "tool";
    return `### \`${name}\`\n\n${result(textOf(message))}`;
  });
  return `## What came back

I called ${many(round.length, "tool")} and got:

${results.join("\n\n")}

A real model would now draw its conclusions; I only pass on what I was told.`;
}

function result(text: string): string {
  if (text.trim() === "") return "Nothing.";
  const short = shortened(text, MOST_RESULT);
  if (!text.includes("\n") && !/^\s*[[{]/.test(text) && !text.includes("`")) return `> ${short}`;
  return fenced(/^\s*[[{]/.test(text) ? "json" : "text", short);
}
