import type { Message, Said, ToolResult } from "../message.ts";
import { appendedState, appending, draftKeys, DRAFTS_AT_ONCE } from "./append.ts";
import type { Ground } from "./ground.ts";
import { AGAIN, insist } from "./insist.ts";
import type { Library, OpenTurn } from "./library.ts";
import { layOut, type LongValue } from "./long_value.ts";
import { headOf, messageBytes } from "./message_record.ts";
import { AT } from "./keys.ts";
import { PartsWriter } from "./parts_writer.ts";
import { noTurn } from "./refusals.ts";
import { replyMessage, toolMessage } from "./replies.ts";
import { readSession, type SessionState } from "./session_record.ts";
import { titleOf } from "./title.ts";
import { readMark, type TurnMark } from "./turn_mark.ts";
import { newToken, ulidAfter } from "./ulid_after.ts";

/** What one step of a turn puts at the end of its session. */
interface Step {
  /** At least one. */
  readonly messages: readonly [Message, ...Message[]];
  /** The session as it is to be, but for what the messages change. */
  readonly state: (state: SessionState) => SessionState;
  /** The mark as it is to be; null: the turn ends. */
  readonly mark: TurnMark | null;
}

/** What a step has come to. */
interface Taken {
  readonly state: SessionState;
  readonly messages: readonly Message[];
  readonly mark: TurnMark | null;
}

/** As {@linkcode Library.said}. */
export async function said(ground: Ground, turn: OpenTurn, said: Said): ReturnType<Library["said"]> {
  const { state, messages: [message], mark } = await take(ground, turn, (seen, mark, now) => ({
    messages: [replyMessage(mark.replyId, said, now)],
    state: (state) => state,
    mark: { ...mark, replyId: ulidAfter(seen.lastMade, now, ground.random), model: said.model },
  }));
  if (message === undefined || mark === null) throw noTurn();
  return { turn: { ...turn, session: state.session, replyId: mark.replyId }, message };
}

/** How many results are stored in one commit: it holds 1,000 entries at most, and they may be in parts. */
const RESULTS_AT_ONCE = 200;

/** As {@linkcode Library.answered}. */
export async function answered(
  ground: Ground,
  turn: OpenTurn,
  results: readonly ToolResult[],
): ReturnType<Library["answered"]> {
  let open = turn;
  const stored: Message[] = [];
  for (let at = 0; at < results.length; at += RESULTS_AT_ONCE) {
    const some = results.slice(at, at + RESULTS_AT_ONCE);
    const { state, messages, mark } = await take(ground, turn, (seen, mark, now) => {
      let last = seen.lastMade;
      const [first, ...rest] = some.map((result) =>
        toolMessage(last = ulidAfter(last, now, ground.random), result, now)
      );
      if (first === undefined) throw new TypeError("A part of the results holds none");
      return {
        messages: [first, ...rest],
        state: (state) => state,
        // The reply comes after the results.
        mark: { ...mark, replyId: ulidAfter(last, now, ground.random) },
      };
    });
    if (mark === null) throw noTurn();
    stored.push(...messages);
    open = { ...turn, session: state.session, replyId: mark.replyId };
  }
  return { turn: open, messages: stored };
}

/** As {@linkcode Library.finish}. */
export async function finish(
  ground: Ground,
  turn: OpenTurn,
  said: Said,
  chunks: number | null = null,
): ReturnType<Library["finish"]> {
  const { state, messages: [message] } = await take(ground, turn, (_, mark, now) => {
    // Where the reply in hand was stored and nobody heard of it, this is the one after it.
    const rest = mark.replyId === turn.replyId ? said : { ...said, text: "", toolCalls: [], bill: null };
    const message = replyMessage(mark.replyId, rest, now, chunks);
    return {
      messages: [message],
      state: (state) => {
        const name = state.session.name ?? mark.title ?? titleOf(message.content);
        return { ...state, session: { ...state.session, name, lastModel: said.model } };
      },
      mark: null,
    };
  });
  if (message === undefined) throw noTurn();
  return { session: state.session, message };
}

/**
 * Takes a step in one commit. The turn is known by its user's message; the reply's id is that of its mark: after a step
 * whose outcome was not known, the turn in hand may hold the id before it.
 */
async function take(
  ground: Ground,
  turn: OpenTurn,
  plan: (state: SessionState, mark: TurnMark, now: number) => Step,
): Promise<Taken> {
  const { store, clock, eraser } = ground;
  const { userId, session: { id: sessionId } } = turn;
  const now = clock.now();
  let tried = null as Tried | null; // the compiler does not see that attempts set it
  let done = false;
  let drafts = 0;
  try {
    return await insist(ground, async () => {
      const { mark, version: markVersion } = await readMark(store, sessionId);
      const found = await readSession(store, userId, sessionId);
      if (found === null) throw noTurn();
      const ours = mark?.messageId === turn.message.id ? mark : null;
      if (tried !== null && ours?.replyId !== tried.replyId) {
        if (ours === null && !await tried.isThere()) throw noTurn();
        // An earlier try was made after all.
        done = true;
        return { state: found.state, messages: tried.step.messages, mark: ours };
      }
      if (ours === null) throw noTurn();
      const attempt = tried ??= prepare(ground, sessionId, ours.replyId, plan(found.state, ours, now), now);
      const written = await attempt.writer.ready();
      const deletes = await draftKeys(store, sessionId, ours.replyId);
      drafts = deletes.length;
      const { messages, mark: next } = attempt.step;
      const state = attempt.step.state(found.state);
      const { layout } = attempt;
      const append = {
        version: found.version,
        state,
        markVersion,
        mark: next,
        messages,
        layout,
        written,
        deletes,
        now,
      };
      if (await store.commit(appending(append)) === null) return AGAIN;
      done = true;
      return { state: appendedState(append), messages, mark: next };
    });
  } finally {
    if (!done) await tried?.writer.abandon();
    // They are not seen any more, and expire.
    else if (drafts === DRAFTS_AT_ONCE && tried !== null) {
      await eraser.drafts(sessionId, tried.replyId).catch(() => {});
    }
  }
}

/** A step that was tried; later tries are of the same. */
interface Tried {
  /** The reply that was under way. */
  readonly replyId: string;
  readonly step: Step;
  readonly layout: ReturnType<typeof layOut>;
  readonly writer: PartsWriter;
  /** Whether its first message is stored: the same that was tried, not what another process made of the reply. */
  readonly isThere: () => Promise<boolean>;
}

function prepare(ground: Ground, sessionId: string, replyId: string, step: Step, now: number): Tried {
  const { store } = ground;
  const [first] = step.messages;
  const values = step.messages.map((message): LongValue => ({ id: message.id, bytes: messageBytes(message) }));
  const token = newToken(now, ground.random);
  const layout = layOut(sessionId, token, values);
  const writer = new PartsWriter(ground, sessionId, layout);
  return {
    replyId,
    step,
    layout,
    writer,
    async isThere() {
      const entry = await store.get(AT.message(sessionId, first.id));
      const body = entry === null ? null : headOf(first.id, entry.value)?.body ?? null;
      if (body === null || values[0] === undefined) return false;
      return "bytes" in body ? equal(body.bytes, values[0].bytes) : body.token === token;
    },
  };
}

function equal(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && one.every((byte, index) => byte === other[index]);
}
