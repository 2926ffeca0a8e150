import type { Choice } from "./plan.ts";

/** What is the same in every part of one answer. */
export interface Envelope {
  readonly id: string;
  /** Seconds since the epoch. */
  readonly created: number;
  readonly model: string;
}

/** OpenAI's count. */
export interface Usage {
  readonly prompt_tokens: number;
  readonly completion_tokens: number;
  readonly total_tokens: number;
}

/** What an answer cost. */
export function usageOf(promptTokens: number, choices: readonly Choice[]): Usage {
  const completion = choices.reduce((sum, choice) => sum + choice.completionTokens, 0);
  return { prompt_tokens: promptTokens, completion_tokens: completion, total_tokens: promptTokens + completion };
}

/** A `chat.completion` object: the answer in one piece. */
export function completion({ id, created, model }: Envelope, choices: readonly Choice[], usage: Usage) {
  return {
    id,
    object: "chat.completion",
    created,
    model,
    choices: choices.map((choice) => ({
      index: choice.index,
      message: {
        role: "assistant",
        content: choice.content,
        refusal: null,
        ...(choice.toolCalls.length > 0 && { tool_calls: choice.toolCalls.map(toolCall) }),
      },
      logprobs: null,
      finish_reason: choice.finishReason,
    })),
    usage,
    system_fingerprint: FINGERPRINT,
  };
}

/** Every answer's `system_fingerprint`. */
export const FINGERPRINT = "fp_gatehouse_demo";

function toolCall(call: Choice["toolCalls"][number]) {
  return { id: call.id, type: "function", function: { name: call.name, arguments: call.arguments } };
}
