import {
  type ChatMessage,
  type Content,
  type ContentPart,
  demandFree,
  type ModelSettings,
  readTools,
  type ToolDefinition,
} from "../../../conversations/mod.ts";
import { isObject } from "./is_object.ts";
import { paramFault } from "./param_fault.ts";

type Fields = Readonly<Record<string, unknown>>;

/** What `generate` was asked for, with what both kinds have. */
export type GenerateWish =
  & {
    /** What was given of how the model is asked. */
    readonly settings: Partial<ModelSettings>;
    /** What the model may call; null: what the session says. */
    readonly tools: readonly ToolDefinition[] | null;
    /** All else, for the upstream. */
    readonly fields: Fields;
  }
  & (
    /** A turn of the session. */
    | { readonly kind: "stored"; readonly content: Content }
    /** A task that brings its own history; a system prompt stands in it. */
    | { readonly kind: "stateless"; readonly messages: readonly ChatMessage[] }
  );

/** How the parameters are named that this method reads itself. */
const READ = new Set([
  "history",
  "message",
  "tools",
  "model",
  "temperature",
  "max_new_tokens",
  "max_tokens",
  "top_p",
  "system_prompt",
]);

/**
 * Reads the parameters of `generate`; null counts as absent. Pure.
 *
 * @throws {GatehouseError} `invalid_field`
 */
export function readGenerate(params: Fields): GenerateWish {
  const given = Object.fromEntries(Object.entries(params).filter(([, value]) => value !== null));
  const { history, message } = given;
  if ((history === undefined) === (message === undefined)) {
    const param = history === undefined ? "message" : "history";
    throw wrong(
      param,
      history === undefined ? "and `history` are missing; send one" : "stands beside `message`; send one",
    );
  }
  const settings = readSettings(given);
  const rest = {
    tools: given.tools === undefined ? null : readTools(given.tools, "tools"),
    fields: otherFields(given),
  };
  if (message !== undefined) return { kind: "stored", content: readContent(message), settings, ...rest };
  const { systemPrompt, ...others } = settings;
  const messages = readHistory(history);
  return {
    kind: "stateless",
    messages: systemPrompt === undefined ? messages : [{ role: "system", content: systemPrompt }, ...messages],
    settings: others,
    ...rest,
  };
}

function readContent(message: unknown): Content {
  if (typeof message === "string" && message !== "") return message;
  if (Array.isArray(message) && message.length > 0 && message.every(isPart)) return message;
  throw wrong("message", "is no text and no list of content parts; send one of them, and not an empty one");
}

function isPart(value: unknown): value is ContentPart {
  return isObject(value) && typeof value.type === "string";
}

function readHistory(history: unknown): readonly ChatMessage[] {
  if (!Array.isArray(history) || history.length === 0) {
    throw wrong("history", "is no list of messages; send OpenAI's messages, one at least");
  }
  return history.map((message: unknown, index) => {
    if (isObject(message) && typeof message.role === "string") return message;
    throw wrong(`history.${index}`, "is no message; send an object with a `role`");
  });
}

/** Only what was given: all else is as the session or the defaults say. */
function readSettings(given: Fields): Partial<ModelSettings> {
  const { model, max_tokens, max_new_tokens, system_prompt } = given;
  if (model !== undefined && (typeof model !== "string" || model === "")) {
    throw wrong("model", "is no name; send one of GET /v1/models");
  }
  if (max_tokens !== undefined && max_new_tokens !== undefined) {
    throw wrong("max_tokens", "means the same as `max_new_tokens`; send one of them");
  }
  if (system_prompt !== undefined && typeof system_prompt !== "string") {
    throw wrong("system_prompt", "is no string; send text");
  }
  const temperature = numberIn(given, "temperature", 2);
  const topP = numberIn(given, "top_p", 1);
  const maxTokens = tokensIn(given, "max_tokens") ?? tokensIn(given, "max_new_tokens");
  return {
    ...(model === undefined ? {} : { model }),
    ...(temperature === undefined ? {} : { temperature }),
    ...(maxTokens === undefined ? {} : { maxTokens }),
    ...(topP === undefined ? {} : { topP }),
    ...(system_prompt === undefined ? {} : { systemPrompt: system_prompt }),
  };
}

function numberIn(given: Fields, name: string, most: number): number | undefined {
  const value = given[name];
  if (value === undefined) return undefined;
  if (typeof value === "number" && value >= 0 && value <= most) return value;
  throw wrong(name, `is no number from 0 to ${most}; send one`);
}

function tokensIn(given: Fields, name: string): number | undefined {
  const value = given[name];
  if (value === undefined) return undefined;
  if (typeof value === "number" && Number.isSafeInteger(value) && value >= 1) return value;
  throw wrong(name, "is no whole number of tokens; send 1 or more");
}

function otherFields(given: Fields): Fields {
  const fields = Object.fromEntries(Object.entries(given).filter(([name]) => !READ.has(name)));
  demandFree(fields);
  return fields;
}

function wrong(param: string, what: string): Error {
  return paramFault("generate", param, what);
}
