import { type Call, readJson } from "../../http/mod.ts";
import type { EventStream } from "../../inference/mod.ts";
import { chooseModel } from "../../upstream/mod.ts";
import { openaiFields } from "./openai_fields.ts";
import type { GatewayOptions } from "./options.ts";

/** No call lasts longer, in seconds: timers overflow. */
const MAX_TIMEOUT = 86_400;

/** A chat request under way. */
export interface SentChat {
  /** The model that was asked, by the name that went upstream. */
  readonly model: string;
  /** Its answer. */
  readonly answer: EventStream;
}

/**
 * Reads a chat request and sends it.
 *
 * @returns the answer; a `Response` where the upstream refused
 * @throws {GatehouseError} the codes of `readJson()`, `chooseModel()` and `Inference.events()`
 */
export async function sendChat(
  { req, env }: Call,
  { resolve, inference, maxBodyBytes }: GatewayOptions,
  stream: boolean,
): Promise<SentChat | Response> {
  // Loaded when it is first needed: zod would make every start slower.
  const { chatSchema } = await import("./chat_schema.ts");
  const chat = await readJson(req.raw, chatSchema, { maxBytes: maxBodyBytes, what: "send this chat request" });
  const asked = chat.model === "default" ? null : chat.model ?? null;
  const { upstream, models } = resolve(asked);
  const model = await chooseModel(asked, { upstream, models }, "/api/v1/llm/models", env.signal);
  const { timeout } = chat;
  const answer = await inference.events({
    upstream,
    who: env.who,
    model,
    maxOutput: models.maxOutput(model),
    body: openaiFields(chat),
    stream,
    headers: env.headers,
    signal: env.signal,
    startedAt: env.startedAt,
    timeout: timeout === null || timeout === undefined ? null : Math.min(timeout, MAX_TIMEOUT) * 1000,
    log: env.log,
  });
  env.told = true;
  if (answer.kind === "events") return { model, answer };
  return new Response(answer.body, { status: answer.status, headers: answer.headers });
}
