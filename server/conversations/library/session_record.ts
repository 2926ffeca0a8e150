import type { Store } from "../../storage/mod.ts";
import type { ModelSettings, Protocol, Session } from "../session.ts";
import { AT } from "./keys.ts";
import { type Parts, partsOf } from "./long_value.ts";
import { fieldsOf, isCount, numberOrNull, textOrNull } from "./stored_fields.ts";

/** Messages that are no longer to be seen, from one id up to another, that one not included. */
export interface Hidden {
  readonly from: string;
  readonly to: string;
}

/** A session with what only the library knows of it. */
export interface SessionState {
  readonly session: Session;
  /** Where its tools are, as JSON; null: it has none. */
  readonly tools: Parts | null;
  /** The last message that can be seen; null: there is none. */
  readonly lastId: string | null;
  /** The last id that was given to a message or a reply, seen or not: those to come sort after it. */
  readonly lastMade: string | null;
  /** What waits to be erased. */
  readonly hidden: Hidden | null;
}

/** A state with the version that a commit can check. */
export interface SessionEntry {
  readonly state: SessionState;
  readonly version: string;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** What lies in the store. */
export function sessionValue({ session, tools, lastId, lastMade, hidden }: SessionState): unknown {
  const { name, protocol, settings, lastModel, messageCount, createdAt, updatedAt } = session;
  const { systemPrompt } = settings;
  return {
    v: 1,
    name,
    protocol,
    // As UTF-8: Deno KV would spend two bytes on each letter of a prompt with one that is not Latin.
    settings: { ...settings, systemPrompt: systemPrompt === null ? null : encoder.encode(systemPrompt) },
    lastModel,
    messageCount,
    createdAt,
    updatedAt,
    tools,
    lastId,
    lastMade,
    hidden,
  };
}

/** Null: not a record that this version can read. */
export function sessionState(userId: string, id: string, value: unknown): SessionState | null {
  const fields = fieldsOf(value);
  if (fields?.v !== 1 || !isCount(fields.messageCount)) return null;
  const { messageCount } = fields;
  return {
    session: {
      id,
      userId,
      name: textOrNull(fields.name),
      protocol: protocolOf(fields.protocol),
      settings: settingsOf(fields.settings),
      lastModel: textOrNull(fields.lastModel),
      messageCount,
      createdAt: numberOrNull(fields.createdAt) ?? 0,
      updatedAt: numberOrNull(fields.updatedAt) ?? 0,
    },
    tools: partsOf(fields.tools),
    lastId: textOrNull(fields.lastId),
    lastMade: textOrNull(fields.lastMade),
    hidden: hiddenOf(fields.hidden),
  };
}

/** What a record holds beside its prompt, about. */
const BESIDE = 512;

/** About how long a record is, in bytes. */
export function recordBytes(value: unknown): number {
  const { name, settings } = fieldsOf(value) ?? {};
  const { systemPrompt } = fieldsOf(settings) ?? {};
  return BESIDE + (textOrNull(name)?.length ?? 0) + (systemPrompt instanceof Uint8Array ? systemPrompt.length : 0);
}

function protocolOf(value: unknown): Protocol {
  return value === "rpc" ? "rpc" : "text";
}

function settingsOf(value: unknown): ModelSettings {
  const fields = fieldsOf(value) ?? {};
  const { systemPrompt } = fields;
  return {
    model: textOrNull(fields.model),
    temperature: numberOrNull(fields.temperature),
    maxTokens: numberOrNull(fields.maxTokens),
    topP: numberOrNull(fields.topP),
    systemPrompt: systemPrompt instanceof Uint8Array ? decoder.decode(systemPrompt) : null,
  };
}

function hiddenOf(value: unknown): Hidden | null {
  const { from, to } = fieldsOf(value) ?? {};
  return typeof from === "string" && typeof to === "string" ? { from, to } : null;
}

/** Reads a session; null: the user has none of this id that this version can read. */
export async function readSession(store: Store, userId: string, sessionId: string): Promise<SessionEntry | null> {
  const entry = await store.get(AT.session(userId, sessionId));
  const state = entry === null ? null : sessionState(userId, sessionId, entry.value);
  return entry === null || state === null ? null : { state, version: entry.version };
}
