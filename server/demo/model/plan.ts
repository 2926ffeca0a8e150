import { answerText } from "./answer.ts";
import type { ChatRequest } from "./chat_request.ts";
import { fitSchema } from "./fit_schema.ts";
import { hintsOf } from "./hints.ts";
import { countTokens, firstTokens, textOf } from "./tokens.ts";
import { plannedCalls, type ToolCall } from "./tool_calls.ts";

/** One choice, decided before anything is sent. */
export interface Choice {
  readonly index: number;
  /** Null when tools are called instead. */
  readonly content: string | null;
  readonly toolCalls: readonly ToolCall[];
  readonly finishReason: "stop" | "length" | "tool_calls";
  readonly completionTokens: number;
}

/**
 * Decides every choice of a request. The same request gives the same choices.
 *
 * @param maxTokens the model's own limit, which the request's narrows
 */
export function planChoices(request: ChatRequest, maxTokens: number): Choice[] {
  const limit = Math.min(request.max_completion_tokens ?? request.max_tokens ?? maxTokens, maxTokens);
  const calls = plannedCalls(request);
  return Array.from({ length: request.n ?? 1 }, (_, index) => {
    if (calls.length > 0) return planCalls(calls, index, limit);
    return planText(structured(request) ?? answerText(request, index), request, index, limit);
  });
}

function planText(whole: string, request: ChatRequest, index: number, limit: number): Choice {
  const stopped = beforeStop(whole, [request.stop ?? []].flat());
  const content = firstTokens(stopped, limit);
  const finishReason = content.length < stopped.length ? "length" : "stop";
  return { index, content, toolCalls: [], finishReason, completionTokens: countTokens(content) };
}

function planCalls(calls: readonly ToolCall[], index: number, limit: number): Choice {
  const kept: ToolCall[] = [];
  let left = limit;
  for (const call of calls) {
    if (left <= 0) break;
    const text = firstTokens(call.arguments, left);
    // Choices must not share ids: each call is answered under its own.
    kept.push({ ...call, id: index === 0 ? call.id : `${call.id}_${index}`, arguments: text });
    left -= Math.max(1, countTokens(text));
    if (text.length < call.arguments.length) left = -1;
  }
  const isCut = left < 0 || kept.length < calls.length;
  const completionTokens = kept.reduce((sum, call) => sum + Math.max(1, countTokens(call.arguments)), 0);
  return { index, content: null, toolCalls: kept, finishReason: isCut ? "length" : "tool_calls", completionTokens };
}

function beforeStop(text: string, stops: readonly string[]): string {
  const cuts = stops.filter((stop) => stop !== "").map((stop) => text.indexOf(stop)).filter((at) => at >= 0);
  return text.slice(0, Math.min(text.length, ...cuts));
}

/** The JSON text that `response_format` asks for; null when it asks for none. */
function structured(request: ChatRequest): string | null {
  const format = request.response_format;
  if (!format || format.type === "text") return null;
  const said = request.messages.findLast((message) => message.role === "user");
  const text = said ? textOf(said) : "";
  if (format.type === "json_schema") return JSON.stringify(fitSchema(format.json_schema.schema, hintsOf(text)));
  return JSON.stringify({ demo: true, you_said: text.slice(0, 2_000), messages: request.messages.length }, null, 2);
}
