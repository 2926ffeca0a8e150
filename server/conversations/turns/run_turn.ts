import type { Clock } from "../../effects/mod.ts";
import { GatehouseError } from "../../errors/mod.ts";
import type { Inference } from "../../inference/mod.ts";
import type { Library, OpenTurn } from "../library/library.ts";
import type { Said } from "../message.ts";
import { RefusedError } from "../rounds/refused_error.ts";
import type { Outcome } from "../rounds/rounds.ts";
import { runTask } from "../rounds/run_task.ts";
import type { LoadTokenizer } from "../window/tokenizer.ts";
import { hasCode } from "./has_code.ts";
import { LiveTurn } from "./live_turn.ts";
import type { PreparedTurn } from "./prepare_turn.ts";
import { StoredScript } from "./stored_script.ts";
import type { TurnRequest } from "./turns.ts";

/** What a turn runs with. */
export interface RunTurnOptions {
  /** What was asked. */
  readonly request: TurnRequest;
  /** What it came to. */
  readonly prepared: PreparedTurn;
  /** Where its messages are. */
  readonly library: Library;
  /** Asks the model. */
  readonly inference: Pick<Inference, "events">;
  /** Times the grace. */
  readonly clock: Clock;
  /** Gets the tokenizer of a model. */
  readonly load: LoadTokenizer;
  /** Names this process when the turn is stored. */
  readonly owner: () => string;
  /** Told in the tick in which the user's message is known to be stored. */
  readonly onBegin: (turn: LiveTurn) => void;
  /** Told in the tick in which the reply is known to be stored, before the readers are. */
  readonly onEnd: (turn: LiveTurn) => void;
  /** Told when the reply could not be stored. @param finish tries it again */
  readonly onUnstored: (turn: LiveTurn, finish: () => Promise<unknown>) => void;
  /** Told when nobody knows whether the user's message was stored. */
  readonly onUnknown: () => void;
}

/** A turn under way. */
export interface TurnRun {
  /** The turn once the user's message is stored. @throws what was wrong until then */
  readonly begun: Promise<LiveTurn>;
  /** Resolves when nothing of it runs any more. Never rejects. */
  readonly over: Promise<void>;
  /** The session it is in; null: a new one that is not stored yet. */
  readonly sessionId: string | null;
  /** Whether the user's message is being stored just now. */
  readonly isStoring: boolean;
  /** Whether the user's message is known to be stored. */
  readonly isBegun: boolean;
  /** Stops it. @param reason thrown by `begun`, if the user's message is not stored yet */
  stop(reason?: GatehouseError): void;
}

/** Runs one turn, from its call to its last event. */
export function runTurn(options: RunTurnOptions): TurnRun {
  const { request, prepared: { call, fields, tools, wish, start, session }, library, inference, clock, load } = options;
  const { who, grace, signal, startedAt, log } = request;
  const stopping = new AbortController();
  const leave = () => stopping.abort(left());
  if (signal.aborted) leave();
  else signal.addEventListener("abort", leave, { once: true });
  const begun = Promise.withResolvers<LiveTurn>();
  const running: { turn: LiveTurn | null; isStoring: boolean } = { turn: null, isStoring: false };
  const onRound = (open: OpenTurn) => running.turn?.nextRound(open);
  const script = new StoredScript({ library, start, session, wish, load, onRound });

  /** Each round is a call, but only the first one begins the turn. */
  async function begin(headers: Readonly<Record<string, string>>): Promise<void> {
    if (running.turn !== null) return;
    stopping.signal.throwIfAborted();
    running.isStoring = true;
    let open: OpenTurn;
    try {
      open = await script.begin(options.owner());
    } catch (thrown) {
      running.isStoring = false;
      if (hasCode(thrown, "storage_unavailable")) options.onUnknown();
      throw thrown;
    }
    if (grace !== null) signal.removeEventListener("abort", leave);
    const stop = () => stopping.abort(left());
    const turn = new LiveTurn({ open, headers, grace, stop, stopping: stopping.signal, clock });
    running.turn = turn;
    options.onBegin(turn);
    running.isStoring = false;
    begun.resolve(turn);
  }

  async function run(): Promise<void> {
    const outcome = await runTask({
      call: { ...call, who, signal: stopping.signal, startedAt, log, timeout: null, onAdmitted: begin },
      fields,
      tools,
      script,
      onText(text) {
        request.onText?.(text);
        running.turn?.say(text);
      },
      callTools: request.callTools ?? null,
    }, { inference, clock }).catch((fault) => failed(fault, running.turn?.text ?? "", call.model));
    signal.removeEventListener("abort", leave);
    const { turn } = running;
    if (turn === null) begun.reject(stopping.signal.aborted ? stopping.signal.reason : outcome.failure ?? unknown());
    else await end(turn, outcome);
  }

  async function end(turn: LiveTurn, { said, usage, headers = {}, failure }: Outcome): Promise<void> {
    const isStopped = stopping.signal.aborted && said.status !== "complete";
    const reply: Said = isStopped ? { ...said, status: "stopped" } : said;
    const fault = isStopped ? null : failure;
    if (fault !== null && !(fault instanceof GatehouseError) && !(fault instanceof RefusedError)) {
      log.error("a fault in a turn", { error: fault });
    }
    try {
      const message = await script.finish(reply, turn.log.pieces);
      options.onEnd(turn);
      turn.end({ message, usage, headers, failure: fault }, fault === null ? { type: "done", message } : error(fault));
    } catch (thrown) {
      const unstored = asError(thrown);
      options.onEnd(turn);
      if (!hasCode(unstored, "not_found")) {
        log.error("a reply could not be stored", { error: unstored });
        options.onUnstored(turn, () => script.finish(reply, turn.log.pieces));
      }
      turn.end({ message: null, usage, headers, failure: unstored }, error(unstored));
    }
  }

  return {
    begun: begun.promise,
    over: run(),
    get sessionId() {
      return running.turn?.sessionId ?? request.sessionId;
    },
    get isStoring() {
      return running.isStoring;
    },
    get isBegun() {
      return running.turn !== null;
    },
    stop: (reason) => stopping.abort(reason ?? left()),
  };
}

const error = (error: Error) => ({ type: "error", error }) as const;

function left(): GatehouseError {
  return new GatehouseError("client_closed_request", "The client left before the end of the answer");
}

function unknown(): GatehouseError {
  return new GatehouseError("internal_error", "Cannot begin this turn: it ended before it began; try again");
}

function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(`A ${typeof thrown} was thrown`);
}

/** What is left of a task that was not brought to an outcome. */
function failed(fault: unknown, text: string, model: string): Outcome {
  return {
    said: { text, toolCalls: [], status: "failed", finishReason: null, model, bill: null, historyFrom: null },
    usage: null,
    failure: asError(fault),
  };
}
