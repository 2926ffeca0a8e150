import type { ErrorBody } from "../../errors/mod.ts";
import type { ByteDialect, EventFacts, Usage } from "./dialect.ts";

const NOTHING: EventFacts = { usage: null, usageOnly: false, finished: false, failed: false };

/** Chat completions (https://platform.openai.com/docs/api-reference/chat-streaming). */
export const openaiChat: ByteDialect = {
  path: "/chat/completions",
  endMark: "[DONE]",
  // The alternatives begin with five characters each: one of another length makes the search three times as slow.
  hint: /DONE\]|(?:usage|error|eason)"\s*:\s*[{"]/,
  readEvent,
  readUsage,
  errorEvent: (body: ErrorBody) => new TextEncoder().encode(`data: ${JSON.stringify(body)}\n\n`),
};

function readEvent(data: string): EventFacts {
  const event = parseRecord(data);
  if (event === null) return NOTHING;
  const usage = readUsage(event.usage);
  const choices = Array.isArray(event.choices) ? event.choices : null;
  const failed = isRecord(event.error) || (typeof event.error === "string" && choices === null);
  return {
    usage,
    // Without a count it may be something else: some upstreams open with an empty event about content filters.
    usageOnly: isRecord(event.usage) && choices?.length === 0 && !failed,
    finished: choices?.some((choice) => isRecord(choice) && typeof choice.finish_reason === "string") ?? false,
    failed,
  };
}

function readUsage(value: unknown): Usage | null {
  if (!isRecord(value)) return null;
  const prompt = count(value.prompt_tokens);
  const completion = count(value.completion_tokens);
  // Half a count is none: what it leaves out would be free.
  if (prompt === null || completion === null) return null;
  return {
    prompt_tokens: prompt,
    completion_tokens: completion,
    total_tokens: count(value.total_tokens) ?? prompt + completion,
  };
}

/** No single call comes near: what is beyond is no count. */
const MOST = 1_000_000_000;

function count(value: unknown): number | null {
  return typeof value === "number" && Number.isInteger(value) && value >= 0 && value <= MOST ? value : null;
}

function parseRecord(text: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(text);
    return isRecord(value) ? value : null;
  } catch {
    return null;
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}
