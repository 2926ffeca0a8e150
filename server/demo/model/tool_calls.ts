import { sha256 } from "../random.ts";
import type { ChatRequest, Tool } from "./chat_request.ts";
import { fitSchema } from "./fit_schema.ts";
import { hintsOf } from "./hints.ts";
import { textOf } from "./tokens.ts";

/** One call of a tool. */
export interface ToolCall {
  readonly id: string;
  readonly name: string;
  /** JSON. */
  readonly arguments: string;
}

/** Parts of tool names that say nothing about the subject. */
const PLAIN = new Set(
  ("call calls create data delete edit execute fetch file files find function info item items list load make open read " +
    "remove save search send show text tool tools update with write").split(" "),
);
/** Words by which a person asks for a tool without naming it. */
const ASKING = /\b(?:tools?|function calls?|invoke)\b/i;

/** The tools that the model calls now, with arguments that fit their schemas; empty when it answers with text. */
export function plannedCalls(request: ChatRequest): ToolCall[] {
  const said = request.messages.findLast((message) => message.role === "user");
  const text = said ? textOf(said) : "";
  const hints = hintsOf(text);
  const chosen = chosenTools(request, text);
  const tools = request.parallel_tool_calls === false ? chosen.slice(0, 1) : chosen;
  // From the request alone, so that the same request gives the same ids, and the next turn gives others.
  const stem = tools.length > 0 ? sha256(JSON.stringify(request.messages)).replaceAll(/[-_]/g, "0").slice(0, 20) : "";
  return tools.map(({ function: { name, parameters } }, i) => ({
    id: `call_${stem}${i}`,
    name,
    arguments: JSON.stringify(fitSchema(parameters ?? { type: "object" }, hints)),
  }));
}

function chosenTools(request: ChatRequest, text: string): readonly Tool[] {
  const { tools, tool_choice: choice } = request;
  if (!tools || choice === "none") return [];
  if (typeof choice === "object" && choice !== null) {
    return tools.filter((tool) => tool.function.name === choice.function.name);
  }
  const wanted = askedFor(tools, text);
  if (choice === "required") return wanted.length > 0 ? wanted : tools.slice(0, 1);
  return request.messages.at(-1)?.role === "user" ? wanted : [];
}

/** Those that are named; else those whose subject is spoken of; else the first one, if the text asks for a tool at all. */
function askedFor(tools: readonly Tool[], text: string): readonly Tool[] {
  const spoken = ` ${words(text).join(" ")} `;
  const lower = text.toLowerCase();
  const named = tools.filter(({ function: { name } }) =>
    spoken.includes(` ${words(name).join(" ")} `) || isWord(lower, name.toLowerCase())
  );
  if (named.length > 0) return named;
  const subject = tools.filter(({ function: { name } }) =>
    words(name).some((word) => word.length >= 4 && !PLAIN.has(word) && spoken.includes(` ${word} `))
  );
  if (subject.length > 0) return subject;
  return ASKING.test(text) ? tools.slice(0, 1) : [];
}

/** `getWeather`, `get_weather` and "Get weather!" are the same words. */
function words(text: string): string[] {
  const parted = text.slice(0, 20_000).replaceAll(/(\p{Ll})(\p{Lu})/gu, "$1 $2");
  return parted.toLowerCase().split(/[^\p{L}\p{N}]+/u).filter((word) => word !== "");
}

function isWord(text: string, name: string): boolean {
  const at = text.indexOf(name);
  const edge = (char: string) => !/[\w-]/.test(char);
  return at >= 0 && edge(text.charAt(at - 1)) && edge(text.charAt(at + name.length));
}
