import { type ModelSettings, type NewSession, NO_SETTINGS, type Session } from "../session.ts";
import { TOOLS } from "./keys.ts";
import { toJsonBytes } from "./json_bytes.ts";
import { type LongValue, PART } from "./long_value.ts";
import { invalidField } from "./refusals.ts";
import type { SessionState } from "./session_record.ts";

/**
 * A session without messages.
 *
 * @throws {GatehouseError} `invalid_field`: it is too long for its record
 */
export function newState(
  { id, userId, now, token }: {
    readonly id: string;
    readonly userId: string;
    readonly now: number;
    /** Of the writing that stores its tools. */
    readonly token: string;
  },
  { name = null, protocol = "text", settings = {}, tools = [] }: NewSession,
): SessionState {
  const session: Session = {
    id,
    userId,
    name,
    protocol,
    settings: { ...NO_SETTINGS, ...settings },
    lastModel: null,
    messageCount: 0,
    createdAt: now,
    updatedAt: now,
  };
  demandShort(session);
  const length = tools.length === 0 ? 0 : toJsonBytes(tools).length;
  return {
    session,
    tools: length === 0 ? null : { length, parts: Math.ceil(length / PART), token },
    lastId: null,
    lastMade: null,
    hidden: null,
  };
}

/** The tools of a new session, to be stored beside its record. */
export function toolsValue({ tools = [] }: NewSession): LongValue[] {
  return tools.length === 0 ? [] : [{ id: TOOLS, bytes: toJsonBytes(tools), apart: true }];
}

/** How long fields of a session may be, in bytes of UTF-8: its record holds 64 KiB. */
const LONGEST_PROMPT = 32 * 1024;
const LONGEST_NAME = 2 * 1024;

/** @throws {GatehouseError} `invalid_field`: the session is too long for its record */
export function demandShort({ name, settings }: { readonly name: string | null; readonly settings: ModelSettings }) {
  demand("system_prompt", settings.systemPrompt, LONGEST_PROMPT);
  demand("name", name, LONGEST_NAME);
  demand("model", settings.model, LONGEST_NAME);
}

function demand(param: string, text: string | null, longest: number): void {
  if (text === null || text.length <= longest && new TextEncoder().encode(text).length <= longest) return;
  throw invalidField(param, `Cannot keep the session: ${param} is longer than ${longest / 1024} KiB; shorten it`);
}
