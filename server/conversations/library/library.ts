import type { Page, PageOptions } from "../../accounts/mod.ts";
import type { Content, Message, Said, ToolResult } from "../message.ts";
import type { NewSession, Session, SessionChange, ToolDefinition } from "../session.ts";

/** What a turn begins with. */
export interface TurnStart {
  /** Whose it is. */
  readonly userId: string;
  /** The session it goes on in, as it was when the history for the model was read; null: a new one is made of `session`. */
  readonly base: Base | null;
  /** What a new session begins with. */
  readonly session: NewSession;
  /** What the user says. */
  readonly content: Content;
  /** The client's own. */
  readonly metadata: Readonly<Record<string, unknown>> | null;
  /** The process that runs the turn, as its presence names it. */
  readonly owner: string;
  /** The model that is asked; names it on the reply if the process dies. @default {the session's, or the last one} */
  readonly model?: string;
}

/** A session as somebody has read it who means to go on in it. */
export interface Base {
  /** Its id. */
  readonly sessionId: string;
  /** The last message that was there; null: none. Another one there by now means that another turn was quicker. */
  readonly lastId: string | null;
  /** The conversation goes on from before this message; null: from its end. */
  readonly replaceFrom: string | null;
}

/** A turn whose user's message is stored, and whose session is busy until the turn has ended. */
export interface OpenTurn {
  /** Whose it is. */
  readonly userId: string;
  /** The session as it is now. */
  readonly session: Session;
  /** The user's message. */
  readonly message: Message;
  /** The id of the reply that is under way. A round that asks for tools uses it up; the next round has another. */
  readonly replyId: string;
}

/** A session with all that a turn needs to know of it. */
export interface Opened {
  /** The session. */
  readonly session: Session;
  /** The message at its end; null: it has none. */
  readonly lastId: string | null;
  /** The turn that runs in it; null: none. */
  readonly running: RunningTurn | null;
}

/** A turn as every process sees it in the store. */
export interface RunningTurn {
  /** The user's message. */
  readonly messageId: string;
  /** The reply under way. */
  readonly replyId: string;
  /** The process that runs it. */
  readonly owner: string;
}

/** More text of a reply under way, for the case that the process dies. */
export interface Draft {
  /** Whose turn it is. */
  readonly turn: OpenTurn;
  /** Counts the drafts of one reply, from 0. */
  readonly index: number;
  /** What the model has said since the draft before. */
  readonly text: string;
}

/**
 * All conversations in the store. What another user owns does not exist. A turn is begun by one commit and ended by one;
 * one whose process has died is ended by whoever meets it next, as `failed` with what its drafts hold.
 */
export interface Library {
  /** Makes a session. @throws {GatehouseError} `storage_unavailable`; `not_found`: its user was removed */
  create(userId: string, wish: NewSession): Promise<Session>;
  /** A session; null: there is none, or it is somebody else's. Ends a turn whose process has died. */
  open(userId: string, sessionId: string): Promise<Opened | null>;
  /** The sessions of a user, newest first. @param search only those whose name holds it, in any case; null: all */
  list(userId: string, page: PageOptions, search: string | null): Promise<Page<Session>>;
  /** Changes a session. @throws {GatehouseError} `not_found` */
  change(userId: string, sessionId: string, change: SessionChange): Promise<Session>;
  /** What the model may call in a session. @throws {GatehouseError} `not_found` */
  tools(userId: string, sessionId: string): Promise<readonly ToolDefinition[]>;
  /** Deletes a session and all that is in it, a running turn included. @returns false: there was none */
  remove(userId: string, sessionId: string): Promise<boolean>;
  /** Deletes all that is a user's; again where it was begun before. No session of theirs is made from then on. */
  removeAllOf(userId: string): Promise<void>;
  /** Ends what a stop or a crash has left half done: deletions, and turns whose process has died. */
  resume(): Promise<void>;
  /** Waits for what is being erased in the background. Never rejects. */
  rest(): Promise<void>;

  /** A page of messages, oldest first within it; the first is the latest page, and the cursor goes back. Holds 8 MiB at most, but one message at least. */
  history(session: Session, page: PageOptions): Promise<Page<Message>>;
  /** The messages from the last to the first, read as they are asked for. @param before only those before this id; null: all */
  backwards(session: Session, before: string | null): AsyncIterable<Message>;
  /** The messages from the first to the last, read as they are asked for. */
  forwards(session: Session): AsyncIterable<Message>;
  /** One message; null: there is none. */
  message(session: Session, messageId: string): Promise<Message | null>;

  /**
   * Stores the user's message and marks the session busy, in one commit; makes the session where there is none yet.
   *
   * @throws {GatehouseError} `session_busy`: another turn runs, or was quicker; `not_found`: the session is gone, or its user was
   * removed
   */
  begin(start: TurnStart): Promise<OpenTurn>;
  /** Stores a reply that asks for tools; the turn goes on. @throws {GatehouseError} `not_found`: the session was deleted */
  said(turn: OpenTurn, said: Said): Promise<{ readonly turn: OpenTurn; readonly message: Message }>;
  /** Stores what the tools gave; the turn goes on. @throws {GatehouseError} `not_found`: the session was deleted */
  answered(turn: OpenTurn, results: readonly ToolResult[]): Promise<{
    readonly turn: OpenTurn;
    readonly messages: readonly Message[];
  }>;
  /**
   * Keeps what replies under way have said so far. A turn that is over by now is passed over.
   *
   * @returns the user's messages of turns that are not the session's any more
   */
  keep(drafts: readonly Draft[]): Promise<ReadonlySet<string>>;
  /**
   * Stores the reply, names an unnamed session, and frees it, in one commit.
   *
   * @param chunks in how many chunks readers got the whole turn's text; null: nobody knows
   * @throws {GatehouseError} `not_found`: the session was deleted, or the turn was ended by another process
   */
  finish(
    turn: OpenTurn,
    said: Said,
    chunks?: number | null,
  ): Promise<{ readonly session: Session; readonly message: Message }>;
  /** Asks the process that runs a turn, whichever it is, to stop it. */
  askToStop(sessionId: string, running: RunningTurn): Promise<void>;
  /** All sessions that a turn runs in, of all processes. */
  busy(): AsyncIterable<{ readonly userId: string; readonly sessionId: string; readonly owner: string }>;
  /** The turns that somebody asks to stop: the user's message by session. */
  asked(): Promise<ReadonlyMap<string, string>>;
}
