import { sha256 } from "../random.ts";
import type { ChatRequest } from "./chat_request.ts";
import { fenced, many, shortened } from "./markdown.ts";
import { countPrompt, textOf } from "./tokens.ts";

const OPENINGS = [
  "Hello! I am the demo model that is built into Gatehouse.",
  "You have reached the demo model that lives inside Gatehouse.",
  "This is Gatehouse's demo model speaking. I do not think; I show that the way is open.",
  "Your words came through. I am the demo model of Gatehouse, so I can only tell you what arrived.",
];
const MOST_QUOTED = 600;

/** The usual answer: who speaks, what arrived, what to try, how to get a real model. */
export function explanation(request: ChatRequest, text: string, attached: readonly string[], variant: number): string {
  const seed = sha256(text).charCodeAt(0) + variant;
  return [
    OPENINGS[seed % OPENINGS.length],
    "## What you said",
    text.trim() === "" ? "Nothing that I can read." : fenced("text", shortened(text.trim(), MOST_QUOTED)),
    whatCame(request, text, attached).map((line) => `- ${line}`).join("\n"),
    "## What I can do",
    "- stream: say `slowly`, or ask for a `long` answer or `200 code blocks`\n" +
    "- Markdown: ask for a `table`, for `code in Python`, or to `count to 20`\n" +
    "- tools: offer some and name one, and I call it with arguments that fit its schema\n" +
    "- JSON: set `response_format`, and the answer fits your schema",
    "## How to talk to a real model",
    "Tell Gatehouse where the model is and who lets you in, in `.env`:",
    fenced(
      "bash",
      "LLM_BASE_URL=https://models.example.com/v1\nOAUTH_ISSUER=https://login.example.com\nOAUTH_CLIENT_ID=gatehouse",
    ),
    "Then `deno task gatehouse login` signs you in. Your program need not change: it goes on calling `/v1`.",
  ].join("\n\n");
}

function whatCame(request: ChatRequest, text: string, attached: readonly string[]): string[] {
  const lines = [`${many(countPrompt(request), "token")} in ${many(request.messages.length, "message")}`];
  const system = request.messages.filter(({ role }) => role === "system" || role === "developer");
  const length = system.reduce((sum, message) => sum + textOf(message).length, 0);
  if (system.length > 0) lines.push(`a system prompt of ${many(length, "character")}`);
  if (request.tools) lines.push(`${many(request.tools.length, "tool")} that I may call`);
  for (const [, language, code] of text.matchAll(/^```([\w+#-]*)[^\n]*\n([\s\S]*?)^```/gm)) {
    lines.push(
      `a code block${language ? ` of \`${language}\`` : ""}, ${many(code?.trimEnd().split("\n").length ?? 0, "line")}`,
    );
  }
  return [...lines, ...attached];
}
