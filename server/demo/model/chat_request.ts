import { z } from "zod";
import { OpenAIError } from "./openai_error.ts";

const part = z.looseObject({ type: z.string() });
const content = z.union([z.string(), z.array(part).min(1)]);
const toolCall = z.looseObject({
  id: z.string(),
  function: z.looseObject({ name: z.string(), arguments: z.string() }).optional(),
});
const message = z.discriminatedUnion("role", [
  z.looseObject({ role: z.literal("system"), content }),
  z.looseObject({ role: z.literal("developer"), content }),
  z.looseObject({ role: z.literal("user"), content }),
  z.looseObject({
    role: z.literal("assistant"),
    content: content.nullish(),
    tool_calls: z.array(toolCall).nullish(),
  }),
  z.looseObject({ role: z.literal("tool"), content, tool_call_id: z.string() }),
  z.looseObject({ role: z.literal("function"), content: z.string().nullable(), name: z.string() }),
]);
const schema = z.record(z.string(), z.unknown());
const tool = z.looseObject({
  type: z.literal("function"),
  function: z.looseObject({
    name: z.string().regex(/^[a-zA-Z0-9_-]{1,64}$/, "expected 1 to 64 letters, digits, '_' or '-'"),
    description: z.string().nullish(),
    parameters: schema.nullish(),
  }),
});
const toolChoice = z.union([
  z.enum(["none", "auto", "required"]),
  z.looseObject({ type: z.literal("function"), function: z.looseObject({ name: z.string() }) }),
]);
const responseFormat = z.discriminatedUnion("type", [
  z.looseObject({ type: z.literal("text") }),
  z.looseObject({ type: z.literal("json_object") }),
  z.looseObject({
    type: z.literal("json_schema"),
    json_schema: z.looseObject({ name: z.string(), schema: schema.nullish() }),
  }),
]);
const chatRequest = z.looseObject({
  model: z.string(),
  messages: z.array(message).min(1),
  tools: z.array(tool).min(1).nullish(),
  tool_choice: toolChoice.nullish(),
  parallel_tool_calls: z.boolean().nullish(),
  response_format: responseFormat.nullish(),
  max_tokens: z.int().min(1).nullish(),
  max_completion_tokens: z.int().min(1).nullish(),
  stop: z.union([z.string(), z.array(z.string()).max(4)]).nullish(),
  stream: z.boolean().nullish(),
  stream_options: z.looseObject({ include_usage: z.boolean().nullish() }).nullish(),
  n: z.int().min(1).max(8).nullish(),
  temperature: z.number().min(0).max(2).nullish(),
  top_p: z.number().min(0).max(1).nullish(),
  seed: z.number().nullish(),
});

/** The body of a chat completion request, as far as the demo looks at it. */
export type ChatRequest = z.infer<typeof chatRequest>;
/** One message of it. */
export type Message = ChatRequest["messages"][number];
/** One part of a message's content. */
export type Part = z.infer<typeof part>;
/** One tool that is offered. */
export type Tool = z.infer<typeof tool>;

/**
 * Reads a request body.
 *
 * @throws OpenAIError 400, `param` naming the field, as OpenAI words it
 */
export function parseChatRequest(body: string): ChatRequest {
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    throw new OpenAIError(400, "We could not parse the JSON body of your request. Send one JSON object.");
  }
  const parsed = chatRequest.safeParse(value);
  if (!parsed.success) throw refusal(parsed.error.issues[0], value);
  const request = parsed.data;
  checkTools(request);
  return request;
}

function refusal(issue: z.core.$ZodIssue | undefined, body: unknown): OpenAIError {
  const path = issue?.path ?? [];
  const param = path.map((key, i) => typeof key === "number" ? `[${key}]` : i === 0 ? key : `.${String(key)}`).join("");
  if (param === "") return new OpenAIError(400, "The body must be one JSON object.");
  if (valueAt(body, path) === undefined) {
    return new OpenAIError(400, `Missing required parameter: '${param}'.`, {
      code: "missing_required_parameter",
      param,
    });
  }
  const code = issue?.code === "invalid_type" ? "invalid_type" : "invalid_value";
  return new OpenAIError(400, `Invalid value for '${param}': ${issue?.message}.`, { code, param });
}

function valueAt(body: unknown, path: readonly PropertyKey[]): unknown {
  let value = body;
  for (const key of path) {
    if (typeof value !== "object" || value === null) return undefined;
    value = Reflect.get(value, key);
  }
  return value;
}

function checkTools(request: ChatRequest): void {
  const { tools, tool_choice: choice } = request;
  const fail = (message: string) => new OpenAIError(400, message, { code: "invalid_value", param: "tool_choice" });
  if (choice && choice !== "none" && !tools) throw fail("'tool_choice' is only allowed when 'tools' are specified.");
  if (typeof choice !== "object" || choice === null) return;
  const { name } = choice.function;
  if (!tools?.some((tool) => tool.function.name === name)) throw fail(`Tool choice '${name}' not found in 'tools'.`);
}
