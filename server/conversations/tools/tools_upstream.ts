import type { ToolCall } from "../../upstream/mod.ts";
import type { ToolDefinition } from "../session.ts";
import { argumentsUpstream } from "./parse_arguments.ts";

/** Tool definitions in OpenAI's shape, as they go upstream. */
export function toolsUpstream(tools: readonly ToolDefinition[]): readonly Readonly<Record<string, unknown>>[] {
  return tools.map(({ name, description, parameters, strict }) => ({
    type: "function",
    function: {
      name,
      ...(description === undefined ? {} : { description }),
      ...(parameters === undefined ? {} : { parameters }),
      ...(strict === undefined ? {} : { strict }),
    },
  }));
}

/** A call in OpenAI's shape, as it goes upstream within the history. */
export function toolCallUpstream({ id, name, arguments: text }: ToolCall): Readonly<Record<string, unknown>> {
  return { id, type: "function", function: { name, arguments: argumentsUpstream(text) } };
}
