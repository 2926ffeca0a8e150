/**
 * Where things lie. A session lies under its user, so that a user's list is one range and another user's session is
 * simply not there; all else lies under the session. The order of ids is that of time.
 */
export const AT = {
  sessionsOf: (userId: string): Deno.KvKey => ["conversation", userId],
  session: (userId: string, sessionId: string): Deno.KvKey => ["conversation", userId, sessionId],

  messagesOf: (sessionId: string): Deno.KvKey => ["message", sessionId],
  message: (sessionId: string, messageId: string): Deno.KvKey => ["message", sessionId, messageId],
  allPartsOf: (sessionId: string): Deno.KvKey => ["message_part", sessionId],
  /** A value's parts lie under the token of whoever wrote them: who writes the same does not touch them. */
  partsOf: (sessionId: string, id: string, token: string): Deno.KvKey => ["message_part", sessionId, id, token],
  part: (sessionId: string, id: string, token: string, index: number): Deno.KvKey => [
    "message_part",
    sessionId,
    id,
    token,
    index,
  ],

  /** Parts that are being written before the value they belong to. */
  intents: ["message_intent"],
  intentsOf: (sessionId: string): Deno.KvKey => ["message_intent", sessionId],
  intent: (sessionId: string, token: string): Deno.KvKey => ["message_intent", sessionId, token],

  /** Sessions that are busy. */
  turns: ["turn"],
  turn: (sessionId: string): Deno.KvKey => ["turn", sessionId],
  allDraftsOf: (sessionId: string): Deno.KvKey => ["draft", sessionId],
  draftsOf: (sessionId: string, replyId: string): Deno.KvKey => ["draft", sessionId, replyId],
  draft: (sessionId: string, replyId: string, index: number, piece: number): Deno.KvKey => [
    "draft",
    sessionId,
    replyId,
    index,
    piece,
  ],
  stops: ["turn_stop"],
  stop: (sessionId: string): Deno.KvKey => ["turn_stop", sessionId],

  /** Sessions of which something is to be erased: all, where the session's record is gone, else what it hides. */
  erasings: ["conversation_erasing"],
  erasingsOf: (userId: string): Deno.KvKey => ["conversation_erasing", userId],
  erasing: (userId: string, sessionId: string): Deno.KvKey => ["conversation_erasing", userId, sessionId],

  /** The user was removed: no session of theirs is made any more. */
  gone: (userId: string): Deno.KvKey => ["conversation_gone", userId],
} as const;

/** Under which a session's tools lie in parts; sorts after every message. */
export const TOOLS = "tools";
