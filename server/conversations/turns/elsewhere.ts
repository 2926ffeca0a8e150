import { type Clock, delay } from "../../effects/mod.ts";
import { GatehouseError } from "../../errors/mod.ts";
import type { Library, Opened } from "../library/library.ts";
import type { Message } from "../message.ts";
import type { Session } from "../session.ts";

/** What another process runs is seen through the store alone. */
export interface Elsewhere {
  /** Where the turns are stored. */
  readonly library: Pick<Library, "backwards">;
  /** The session as it is now; null: there is none. Ends a turn whose process has died. */
  readonly open: () => Promise<Opened | null>;
  /** How often the store is asked, in milliseconds. */
  readonly every: number;
  /** Times the asking. */
  readonly clock: Clock;
}

/**
 * Waits until a turn has ended, and gives its reply.
 *
 * @param messageId the turn's user message
 * @throws {GatehouseError} `not_found`: session or reply are gone; `storage_unavailable`
 * @throws the signal's reason
 */
export async function replyOf(messageId: string, at: Elsewhere, signal: AbortSignal): Promise<Message> {
  for (;;) {
    signal.throwIfAborted();
    const opened = await at.open();
    if (opened === null) throw gone();
    if (opened.running?.messageId !== messageId) return await lastReply(opened.session, messageId, at.library);
    await delay(at.clock, at.every, signal);
  }
}

/**
 * The last thing that the model said in a turn; turns after it are passed over.
 *
 * @param messageId the turn's user message
 * @throws {GatehouseError} `not_found`: it is gone
 */
export async function lastReply(
  session: Session,
  messageId: string,
  library: Elsewhere["library"],
): Promise<Message> {
  let last: Message | null = null;
  for await (const message of library.backwards(session, null)) {
    if (message.id <= messageId) break;
    if (message.role === "user") last = null;
    else if (message.role === "assistant") last ??= message;
  }
  if (last === null) throw gone();
  return last;
}

/** The user's message that a reply answers. */
export async function questionOf(
  session: Session,
  replyId: string,
  library: Elsewhere["library"],
): Promise<Message | null> {
  for await (const message of library.backwards(session, replyId)) {
    if (message.role === "user") return message;
  }
  return null;
}

function gone(): GatehouseError {
  return new GatehouseError("not_found", "Cannot find this reply: it was deleted, or replaced by another");
}
