/** A model's own count. */
export interface ChatUsage {
  readonly prompt_tokens: number;
  readonly completion_tokens: number;
  readonly total_tokens: number;
}

const HEAD = { id: "chatcmpl-metered", created: 1, model: "m" };

/** An event of a stream. @param delta null: the chunk has no choice, but the usage */
export function chatChunk(delta: unknown, finish_reason: string | null = null, usage?: ChatUsage): string {
  const choices = delta === null ? [] : [{ index: 0, delta, finish_reason }];
  return `data: ${JSON.stringify({ ...HEAD, object: "chat.completion.chunk", choices, usage })}\n\n`;
}

/** A whole answer. */
export function chatCompletion(content: string, usage: ChatUsage): Response {
  const message = { role: "assistant", content };
  return Response.json({
    ...HEAD,
    object: "chat.completion",
    choices: [{ index: 0, message, finish_reason: "stop" }],
    usage,
  });
}
