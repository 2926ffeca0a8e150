import { Buffer } from "node:buffer";
import type { ToolDefinition } from "../session.ts";
import { demandSchema } from "./demand_schema.ts";
import { type Fields, invalid, isFields, nameOf } from "./invalid_tool.ts";

/** As many may stand beside each other. */
const MAX_TOOLS = 128;
const NAME = /^[A-Za-z0-9_-]{1,64}$/;
/** In bytes of UTF-8. */
const MAX_DESCRIPTION = 8 * 1024;
/** All definitions together as JSON, in bytes of UTF-8. */
const MAX_BYTES = 256 * 1024;
/** What OpenAI's shape, and fields that are null, add to one definition at most. */
const MAX_FRAME = 128;

/**
 * Reads tool definitions, each `{name, description?, parameters?}` or OpenAI's `{type: "function", function: {…}}` with
 * `strict?` too. Null counts as absent.
 *
 * @param value as parsed JSON
 * @param param where it stands in the request, such as `tools`
 * @throws {GatehouseError} `invalid_field` whose `param` is the path of what is wrong, such as `tools.2.function.name`
 */
export function readTools(value: unknown, param: string): readonly ToolDefinition[] {
  if (!Array.isArray(value)) throw invalid(param, "it is no list; give a list of tool definitions");
  if (value.length > MAX_TOOLS) throw invalid(param, `there are more than ${MAX_TOOLS}; give fewer`);
  // Before anything is looked at closely: that takes far longer than measuring it.
  if (jsonBytes(value, param) > MAX_BYTES + MAX_TOOLS * MAX_FRAME) throw tooLong(param);
  const names = new Set<string>();
  const tools = value.map((item: unknown, index) => {
    const { tool, place } = readTool(item, `${param}.${index}`);
    if (names.has(tool.name)) {
      throw invalid(`${place}.name`, "another tool before it has this name; give each a name of its own");
    }
    names.add(tool.name);
    return tool;
  });
  if (Buffer.byteLength(JSON.stringify(tools)) > MAX_BYTES) throw tooLong(param);
  return tools;
}

function tooLong(param: string): Error {
  return invalid(param, "all definitions together are longer than 256 KiB; give fewer or shorter ones");
}

function jsonBytes(value: unknown, param: string): number {
  try {
    return Buffer.byteLength(JSON.stringify(value));
  } catch {
    // What was parsed can be written, but for want of stack.
    throw invalid(param, "a definition is nested far deeper than 32 levels; make it flatter");
  }
}

interface ReadTool {
  readonly tool: ToolDefinition;
  /** The path of the object that holds its name. */
  readonly place: string;
}

function readTool(item: unknown, place: string): ReadTool {
  if (!isFields(item)) throw invalid(place, "it is no object; give name, description and parameters");
  if (!Object.hasOwn(item, "type") && !Object.hasOwn(item, "function")) {
    return { tool: readFunction(item, place, ["name", "description", "parameters"]), place };
  }
  demandKnown(item, place, ["type", "function"]);
  if (item.type !== "function") throw invalid(`${place}.type`, 'it is not "function", the one type that is known here');
  const inner = `${place}.function`;
  if (!isFields(item.function)) throw invalid(inner, "it is no object; give name, description and parameters");
  return { tool: readFunction(item.function, inner, ["name", "description", "parameters", "strict"]), place: inner };
}

function readFunction(fields: Fields, place: string, known: readonly string[]): ToolDefinition {
  demandKnown(fields, place, known);
  const { name } = fields;
  const description = fields.description ?? undefined;
  const parameters = fields.parameters ?? undefined;
  const strict = fields.strict ?? undefined;
  if (typeof name !== "string" || !NAME.test(name)) {
    throw invalid(`${place}.name`, "a name is 1 to 64 letters, digits, `_` and `-`");
  }
  if (description !== undefined && typeof description !== "string") {
    throw invalid(`${place}.description`, "it is no text");
  }
  if (description !== undefined && Buffer.byteLength(description) > MAX_DESCRIPTION) {
    throw invalid(`${place}.description`, "it is longer than 8 KiB; say it shorter");
  }
  if (strict !== undefined && typeof strict !== "boolean") {
    throw invalid(`${place}.strict`, "it is neither true nor false");
  }
  return {
    name,
    ...(description === undefined ? {} : { description }),
    ...(parameters === undefined ? {} : { parameters: readParameters(parameters, `${place}.parameters`) }),
    ...(strict === undefined ? {} : { strict }),
  };
}

/** Arguments are an object, whatever is in it. */
function readParameters(value: unknown, place: string): Fields {
  if (!isFields(value)) throw invalid(place, "it is no object; give a JSON Schema of the arguments");
  demandSchema(value, place);
  if (Object.hasOwn(value, "type") && value.type !== "object") {
    throw invalid(`${place}.type`, 'arguments are an object: it can only be "object"');
  }
  return value;
}

function demandKnown(fields: Fields, place: string, known: readonly string[]): void {
  const unknown = Object.keys(fields).find((name) => !known.includes(name));
  if (unknown !== undefined) {
    throw invalid(`${place}.${nameOf(unknown)}`, `nothing of this name is known here; known are ${known.join(", ")}`);
  }
}
