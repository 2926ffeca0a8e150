import type { Clock } from "../../effects/mod.ts";
import type { Draft, OpenTurn } from "../library/library.ts";
import { DraftText } from "./draft_text.ts";
import { EventLog, type LastEvent } from "./event_log.ts";
import { Grace } from "./grace.ts";
import type { Turn, TurnEnd, TurnEvent } from "./turns.ts";

/** What a turn is made of. */
export interface LiveTurnOptions {
  /** As the store has begun it. */
  readonly open: OpenTurn;
  /** As {@linkcode Turn.headers}. @default {} */
  readonly headers?: Readonly<Record<string, string>>;
  /** As {@linkcode TurnRequest.grace}. */
  readonly grace: number | null;
  /** Aborts what runs. */
  readonly stop: () => void;
  /** Aborted once it is being stopped, by whomever. */
  readonly stopping: AbortSignal;
  /** Times the grace. */
  readonly clock: Clock;
}

/** A turn that runs in this process, or ran here: its events, its readers, and what is still to be kept of it. */
export class LiveTurn implements Turn {
  readonly sessionId: string;
  readonly messageId: string;
  readonly replyId: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Whether a client that lost its connection is waited for. */
  readonly isResumable: boolean;
  /** Its events. */
  readonly log: EventLog;
  readonly #stopping: AbortSignal;
  readonly #ended = Promise.withResolvers<TurnEnd>();
  /** Let go at the end: an ended turn is kept for a while, and these hold all that was sent. */
  #running: { readonly open: OpenTurn; readonly grace: Grace | null; readonly stop: () => void } | null;
  #draft = new DraftText();
  /** Where the text of the reply under way begins. */
  #firstPiece = 0;

  constructor({ open, headers = {}, grace, stop, stopping, clock }: LiveTurnOptions) {
    this.sessionId = open.session.id;
    this.messageId = open.message.id;
    this.replyId = open.replyId;
    this.headers = headers;
    this.isResumable = grace !== null;
    this.#stopping = stopping;
    this.#running = { open, grace: grace === null ? null : new Grace(clock, grace, stop), stop };
    const { sessionId, messageId } = this;
    this.log = new EventLog({ sessionId, messageId }, (count) => this.#running?.grace?.readers(count));
  }

  get ended(): Promise<TurnEnd> {
    return this.#ended.promise;
  }

  /** Somebody has asked for its end: it comes soon, if it has not come yet. */
  get isStopping(): boolean {
    return this.#stopping.aborted;
  }

  /** The text of the reply under way. */
  get text(): string {
    return this.log.textFrom(this.#firstPiece);
  }

  events(after: number, signal: AbortSignal): AsyncIterable<TurnEvent> {
    return this.log.read(after, signal);
  }

  stop(): void {
    this.#running?.stop();
  }

  /** The model says more. */
  say(text: string): void {
    this.#draft.add(text);
    this.log.add(text);
  }

  /** What was said until now is stored; the next reply is under way. */
  nextRound(open: OpenTurn): void {
    if (this.#running !== null) this.#running = { ...this.#running, open };
    this.#draft = new DraftText();
    this.#firstPiece = this.log.pieces;
  }

  /** What is to be kept of it; null: nothing new. */
  draft(): { readonly draft: Draft; kept(): void } | null {
    const from = this.#draft;
    const piece = from.next();
    if (piece === null || this.#running === null) return null;
    return { draft: { turn: this.#running.open, ...piece }, kept: () => from.kept(piece) };
  }

  /** Waits for no reader any more: stops where there is none, and when the last one leaves. */
  hurry(): void {
    this.#running?.grace?.hurry();
  }

  /** It is stored, and the session is free. @param last what readers hear of it */
  end(end: TurnEnd, last: LastEvent): void {
    this.#running?.grace?.end();
    this.#running = null;
    this.#draft = new DraftText();
    this.log.end(last);
    this.#ended.resolve(end);
  }
}
