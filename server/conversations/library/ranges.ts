import type { ListOptions } from "../../storage/mod.ts";
import { AT } from "./keys.ts";
import type { Hidden } from "./session_record.ts";

/** Whether a message of this id could be seen. */
export function isVisible(hidden: Hidden | null, id: string): boolean {
  return hidden === null || id < hidden.from || id >= hidden.to;
}

/**
 * Where the messages lie that can be seen, oldest first.
 *
 * @param before only those before this id; null: all
 */
export function visibleRanges(sessionId: string, hidden: Hidden | null, before: string | null): ListOptions[] {
  const all = AT.messagesOf(sessionId);
  const end = before === null ? {} : { end: [...all, before] };
  if (hidden === null || before !== null && before <= hidden.from) return [end];
  const earlier = { end: [...all, hidden.from] };
  return before !== null && before <= hidden.to ? [earlier] : [earlier, { start: [...all, hidden.to], ...end }];
}
