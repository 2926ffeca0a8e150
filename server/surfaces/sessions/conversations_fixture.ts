import type {
  Conversations,
  Message,
  NewSession,
  Session,
  SessionChange,
  Turn,
  TurnEnd,
  TurnRequest,
} from "../../conversations/mod.ts";
import { NO_SETTINGS } from "../../conversations/mod.ts";
import { unknown } from "../../http/mod.ts";

export const USAGE = { prompt_tokens: 5, completion_tokens: 2, total_tokens: 7, estimated: false };

/** A session of `userId`. */
export function sessionOf(userId: string, id: string, begin: NewSession = {}): Session {
  return {
    id,
    userId,
    name: begin.name ?? null,
    protocol: begin.protocol ?? "text",
    settings: { ...NO_SETTINGS, ...begin.settings },
    lastModel: null,
    messageCount: 0,
    createdAt: 0,
    updatedAt: 0,
  };
}

/** A turn that says and ends what the test tells it to; one whose client has left is stopped. */
export class FakeTurn implements Turn {
  readonly sessionId: string;
  readonly messageId = "MESSAGE";
  readonly replyId: string;
  readonly headers = { "x-ratelimit-remaining-requests": "9" };
  /** What crosses from the upstream, once it has ended. */
  upstreamHeaders: Readonly<Record<string, string>> = {};
  readonly ended: Promise<TurnEnd>;
  readonly #end: (end: TurnEnd) => void;
  #text = "";

  constructor(readonly request: TurnRequest, number: number) {
    const { promise, resolve } = Promise.withResolvers<TurnEnd>();
    this.sessionId = request.sessionId ?? "NEW";
    this.replyId = `REPLY${number}`;
    this.ended = promise;
    this.#end = resolve;
    request.signal.addEventListener("abort", () => this.stop(), { once: true });
  }

  say(text: string): void {
    this.#text += text;
    this.request.onText?.(text);
  }

  done(): void {
    this.#finish("complete", null);
  }

  stop(): void {
    this.#finish("stopped", null);
  }

  fail(failure: Error): void {
    this.#finish("failed", failure);
  }

  events(): AsyncIterable<never> {
    throw new Error("nobody reads events here");
  }

  #finish(status: Message["status"], failure: Error | null): void {
    const bill = { usage: USAGE, cost: null };
    const message: Message = {
      id: this.replyId,
      role: "assistant",
      content: this.#text,
      toolCalls: [],
      toolCallId: null,
      status,
      finishReason: null,
      historyFrom: null,
      model: "m1",
      bill,
      metadata: null,
      createdAt: 0,
    };
    this.#end({ message, usage: bill, failure, headers: this.upstreamHeaders });
  }
}

/** Conversations in memory whose turns are played by the test. */
export class FakeConversations {
  /** What is there. */
  readonly sessions: Session[] = [];
  /** What was made, and changed. */
  readonly created: NewSession[] = [];
  readonly changes: SessionChange[] = [];
  /** The turns that were begun. */
  readonly begun: FakeTurn[] = [];
  /** Thrown by the next turns as they begin. */
  refusal: Error | null = null;
  /** Called with every turn that begins. */
  play: (turn: FakeTurn) => void = () => {};

  /** As the surfaces take them; they use no more than is here. */
  get rooms(): Conversations {
    const { library, turns } = this;
    return { library, turns } as unknown as Conversations; // the rest is not asked
  }

  readonly library: Pick<Conversations["library"], "create" | "change" | "open"> = {
    create: (userId, wish) => {
      this.created.push(wish);
      const session = sessionOf(userId, `NEW${this.created.length}`, wish);
      this.sessions.push(session);
      return Promise.resolve(session);
    },
    change: (userId, id, change) => {
      const session = this.#find(userId, id);
      if (session === null) return Promise.reject(unknown("session"));
      this.changes.push(change);
      return Promise.resolve(session);
    },
    open: (userId, id) => {
      const session = this.#find(userId, id);
      return Promise.resolve(session === null ? null : { session, lastId: null, running: null });
    },
  };

  readonly turns: Pick<Conversations["turns"], "begin"> = {
    begin: (request) => {
      if (this.refusal !== null) return Promise.reject(this.refusal);
      if (this.#find(request.who.userId, request.sessionId ?? "") === null) return Promise.reject(unknown("session"));
      const turn = new FakeTurn(request, this.begun.length);
      this.begun.push(turn);
      this.play(turn);
      return Promise.resolve(turn);
    },
  };

  #find(userId: string, id: string): Session | null {
    return this.sessions.find((session) => session.id === id && session.userId === userId) ?? null;
  }
}
