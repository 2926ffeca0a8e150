import type { Who } from "../../accounts/mod.ts";
import type { HeaderList } from "../../inference/mod.ts";
import type { Logger } from "../../telemetry/mod.ts";
import type { ToolCall } from "../../upstream/mod.ts";
import type { Content, Message, ToolResult } from "../message.ts";
import type { Outcome } from "../rounds/rounds.ts";
import type { ModelSettings, NewSession, ToolDefinition } from "../session.ts";

/** What a turn is asked for with. */
export interface TurnRequest {
  /** On whose behalf. */
  readonly who: Who;
  /** Where it goes on; null: in a new session. */
  readonly sessionId: string | null;
  /** What a new session begins with. @default {} */
  readonly newSession?: NewSession;
  /** What the user says. */
  readonly content: Content;
  /** The client's own, kept with the message. @default null */
  readonly metadata?: Readonly<Record<string, unknown>> | null;
  /** The conversation goes on from before this message; null: from its end. @default null */
  readonly replaceFrom?: string | null;
  /** For this turn in place of the session's. @default {} */
  readonly settings?: Partial<ModelSettings>;
  /** More fields for the upstream. @default {} */
  readonly fields?: Readonly<Record<string, unknown>>;
  /** What the model may call; used with `callTools`. @default {the session's, if `callTools` is there} */
  readonly tools?: readonly ToolDefinition[];
  /** Has the calls of a round made. @default {nobody can: a reply that asks for tools is the last} */
  readonly callTools?: (calls: readonly ToolCall[], signal: AbortSignal) => Promise<readonly ToolResult[]>;
  /** Told of every piece of the reply as it comes, before readers are. */
  readonly onText?: (text: string) => void;
  /**
   * Milliseconds that the reply runs on after its last reader has left; null: readers come and go as they like, and
   * `signal` ends it.
   */
  readonly grace: number | null;
  /** Until the user's message is stored, and with `grace: null` for all of the turn: aborted when the client leaves. */
  readonly signal: AbortSignal;
  /** The client's own headers. */
  readonly headers: HeaderList;
  /** When the request came, in milliseconds on the monotonic clock. */
  readonly startedAt: number;
  /** Its lines carry the request id. */
  readonly log: Logger;
}

/** One event of a turn; the reply's id and `n` together name it for good. */
export type TurnEvent =
  & {
    /** Counts the turn's events from 0. */
    readonly n: number;
  }
  & (
    /** The user's message is stored; always the first. */
    | { readonly type: "session"; readonly sessionId: string; readonly messageId: string }
    /** More of the reply. */
    | { readonly type: "chunk"; readonly text: string }
    /** The reply is stored and the session is free. */
    | { readonly type: "done"; readonly message: Message }
    /** It failed; the reply is stored as far as it got, and the session is free. */
    | { readonly type: "error"; readonly error: Error }
  );

/** A turn whose user's message is stored. */
export interface Turn {
  /** The session it is in. */
  readonly sessionId: string;
  /** The user's message. */
  readonly messageId: string;
  /** The reply under way, which names the events. */
  readonly replyId: string;
  /** What the limits of whoever asked left when it began (`x-ratelimit-*`); empty where none bind. */
  readonly headers: Readonly<Record<string, string>>;
  /**
   * The events after number `after` (-1: all), then those to come, until `done` or `error`. Whoever reads counts as a
   * reader until the end, `return()`, or the abort of `signal`.
   *
   * @throws the signal's reason
   */
  events(after: number, signal: AbortSignal): AsyncIterable<TurnEvent>;
  /** How it ended, once the reply is stored and the session is free. Never rejects. */
  readonly ended: Promise<TurnEnd>;
  /** Aborts the upstream and has the reply stored as it stands. */
  stop(): void;
}

/** How a turn ended. */
export interface TurnEnd {
  /** The reply as it is stored; null: it could not be (the failure says why). */
  readonly message: Message | null;
  /** What all rounds took together. */
  readonly usage: Message["bill"];
  /** As the task's outcome has them. @default {} */
  readonly headers?: Outcome["headers"];
  /** Why it failed; null: it did not. A refusal of the upstream is a {@linkcode RefusedError}. */
  readonly failure: Error | null;
}

/** How a client that lost its connection joins a turn again. */
export type Joined =
  /** It runs in this process, or ran here a short while ago. */
  | { readonly kind: "live"; readonly turn: Turn }
  /**
   * It runs in another process, or is not held here any more: `reply()` resolves with the turn's last reply once that is
   * stored. Its events have the numbers of the live ones: `session` is 0, all of its text is one chunk in place of the last
   * live one, then `done` follows ({@linkcode storedNumbers}); what `last` says is known is left out by whoever tells them.
   */
  | {
    readonly kind: "elsewhere";
    readonly messageId: string;
    readonly replyId: string;
    reply(signal: AbortSignal): Promise<Message>;
  }
  /** Nothing runs, or the client has all of it. */
  | { readonly kind: "none" };

/** The turns of one server. */
export interface Turns {
  /**
   * Begins a turn: chooses the model and the history, has the call let through, stores the user's message. What is
   * refused until then leaves nothing behind. Where the session's turn runs in this process and is being stopped, its end
   * is waited for.
   *
   * @throws {GatehouseError} `not_found`, `session_busy`, `invalid_field` (`replace_from`), the codes of `chooseModel()`
   * and of `Admissions.admit()`, `storage_unavailable`
   */
  begin(request: TurnRequest): Promise<Turn>;
  /**
   * Joins the turn of a session again.
   *
   * @param last the reply and the number of the last event that was received; null: the turn that runs now, from its start
   * @throws {GatehouseError} `not_found`: no such session of this user
   */
  join(
    userId: string,
    sessionId: string,
    last: { readonly replyId: string; readonly n: number } | null,
  ): Promise<Joined>;
  /**
   * Stops what runs in a session, in another process too (there within a second).
   *
   * @returns the ids of the replies that were stopped, once they are stored
   * @throws {GatehouseError} `not_found`: no such session of this user
   */
  stop(userId: string, sessionId: string): Promise<readonly string[]>;
  /** Deletes a session; a turn in it is stopped. @returns false: there was none */
  remove(userId: string, sessionId: string): Promise<boolean>;
  /** Ends what runs without readers, waits for what is to be stored, and leaves. */
  close(): Promise<void>;
}
