import { type Clock, delay } from "../../effects/mod.ts";
import { type ModelEntry, SLOW_MODEL } from "./catalog.ts";
import { type ChatRequest, parseChatRequest } from "./chat_request.ts";
import { chunksOf } from "./chunks.ts";
import { completion, usageOf } from "./completion.ts";
import { OpenAIError } from "./openai_error.ts";
import { paceFor, thinkingTime } from "./pace.ts";
import { type Choice, planChoices } from "./plan.ts";
import { eventStream } from "./sse.ts";
import { countPrompt, textOf } from "./tokens.ts";
import { wantsSlow } from "./wish.ts";

/** One request and what answering it takes. */
export interface ChatCall {
  readonly body: string;
  /** The answer's id. */
  readonly id: string;
  readonly modelOf: (id: string) => ModelEntry;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/**
 * `POST /v1/chat/completions`.
 *
 * @throws OpenAIError when the request is refused
 * @throws the signal's reason when it aborts before the answer has begun
 */
export async function answerChat({ body, id, modelOf, clock, signal }: ChatCall): Promise<Response> {
  const request = parseChatRequest(body);
  const model = modelOf(request.model);
  const promptTokens = countPrompt(request);
  if (promptTokens > model.context_window) throw tooLong(promptTokens, model);
  const choices = planChoices(request, model.max_output_tokens);
  const usage = usageOf(promptTokens, choices);
  const envelope = { id, created: Math.floor(clock.now() / 1000), model: model.id };
  const length = Math.max(...choices.map(lengthOf));
  const pace = paceFor(model.id === SLOW_MODEL.id || asksSlowly(request), length);
  if (request.stream) {
    const reported = request.stream_options?.include_usage ? usage : null;
    return eventStream(chunksOf(envelope, choices, pace.characters, reported), pace.ms, clock, signal);
  }
  await delay(clock, thinkingTime(pace, length), signal);
  return Response.json(completion(envelope, choices, usage));
}

function lengthOf(choice: Choice): number {
  return choice.toolCalls.reduce((sum, call) => sum + call.arguments.length, choice.content?.length ?? 0);
}

function asksSlowly(request: ChatRequest): boolean {
  const said = request.messages.findLast((message) => message.role === "user");
  return said !== undefined && wantsSlow(textOf(said));
}

function tooLong(tokens: number, model: ModelEntry): OpenAIError {
  const message =
    `This model's maximum context length is ${model.context_window} tokens. However, your messages resulted` +
    ` in ${tokens} tokens. Please reduce the length of the messages.`;
  return new OpenAIError(400, message, { code: "context_length_exceeded", param: "messages" });
}
