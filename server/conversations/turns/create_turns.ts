import { type Clock, unlessAborted } from "../../effects/mod.ts";
import { GatehouseError } from "../../errors/mod.ts";
import type { Inference } from "../../inference/mod.ts";
import type { Logger } from "../../telemetry/mod.ts";
import type { Library, Opened, RunningTurn } from "../library/library.ts";
import { busy } from "../library/refusals.ts";
import type { Message } from "../message.ts";
import type { Presence } from "../presence.ts";
import { loadTokenizer, tellingOnce } from "../window/tokenizer.ts";
import { type Elsewhere, lastReply, questionOf, replyOf } from "./elsewhere.ts";
import { hasCode } from "./has_code.ts";
import { Leftovers } from "./leftovers.ts";
import type { LiveTurn } from "./live_turn.ts";
import { prepareTurn, type Resolve } from "./prepare_turn.ts";
import { JOINABLE_FOR, RecentTurns } from "./recent_turns.ts";
import { runTurn, type TurnRun } from "./run_turn.ts";
import { RunningTurns } from "./running_turns.ts";
import { storedNumbers } from "./stored_numbers.ts";
import type { Joined, Turns } from "./turns.ts";

/** What turns stand on. */
export interface TurnsOptions {
  /** Where they are stored. */
  readonly library: Library;
  /** Names this process. */
  readonly presence: Pick<Presence, "owner">;
  /** The models that answer, asked anew for every request. */
  readonly resolve: Resolve;
  /** Asks them. */
  readonly inference: Pick<Inference, "events">;
  /** How often the store is asked what other processes do, and what they want, in milliseconds. */
  readonly askEvery: number;
  /** Times everything. */
  readonly clock: Clock;
  /** For what belongs to no request. */
  readonly log: Logger;
}

/** Turns, and what is to be done for them now and then. */
export interface MendedTurns extends Turns {
  /**
   * Ends turns in this process's name that nothing runs of: whether they were begun was not known, and their session is one
   * that nobody here has heard of.
   *
   * @throws {GatehouseError} `storage_unavailable`
   */
  mend(): Promise<void>;
}

/** How long somebody waits for another process to stop its turn, in milliseconds. */
const STOP_PATIENCE = 10_000;

/** The turns of one process. */
export function createTurns(
  { library, presence, resolve, inference, askEvery, clock, log }: TurnsOptions,
): MendedTurns {
  const running = new RunningTurns({ library, askEvery, clock, log });
  const recent = new RecentTurns(clock);
  const load = tellingOnce(loadTokenizer, log);
  const leftovers = new Leftovers({ library, clock, log });
  const runs = new Set<TurnRun>();
  /** The names that turns were begun in: a lost lease gives us another. */
  const owners = new Set<string>();
  const closing = new AbortController();
  let closed: Promise<void> | null = null;

  /** A session as it is now, with nothing in it that only seems to run. */
  async function meet(userId: string, sessionId: string): Promise<Opened | null> {
    const opened = await library.open(userId, sessionId);
    if (opened === null || !isLeft(opened)) return opened;
    await leftovers.end(userId, opened);
    return await library.open(userId, sessionId);
  }

  /** Whether a turn is in our name, and we know nothing of it. */
  function isLeft({ session, running: turn }: Opened): boolean {
    if (turn === null || !owners.has(turn.owner)) return false;
    if (running.get(session.id)?.messageId === turn.messageId) return false;
    // What is being stored may be in the store before we hear of it.
    return ![...runs].some((run) => run.isStoring && (run.sessionId ?? session.id) === session.id);
  }

  /** @throws {GatehouseError} `not_found` */
  async function demand(userId: string, sessionId: string): Promise<Opened> {
    const opened = await meet(userId, sessionId);
    if (opened === null) throw noSession(sessionId);
    return opened;
  }

  /**
   * A session that a turn may begin in. The end of one that is being stopped here is waited for.
   *
   * @throws {GatehouseError} `not_found`, `session_busy`
   * @throws the signal's reason
   */
  async function demandFree(userId: string, sessionId: string, signal: AbortSignal): Promise<Opened> {
    for (;;) {
      // Before the store is read: it may end meanwhile.
      const before = running.get(sessionId);
      const opened = await demand(userId, sessionId);
      if (opened.running === null) return opened;
      const here = running.get(sessionId) ?? before;
      if (here === undefined || !here.isStopping) throw busy();
      await unlessAborted(here.ended, AbortSignal.any([signal, closing.signal]));
    }
  }

  const elsewhere = (userId: string, sessionId: string): Elsewhere => ({
    library,
    open: () => meet(userId, sessionId),
    every: askEvery,
    clock,
  });

  function joinElsewhere(
    userId: string,
    sessionId: string,
    { messageId, replyId }: Pick<RunningTurn, "messageId" | "replyId">,
  ): Joined {
    const at = elsewhere(userId, sessionId);
    const reply = (signal: AbortSignal) => replyOf(messageId, at, AbortSignal.any([signal, closing.signal]));
    return { kind: "elsewhere", messageId, replyId, reply };
  }

  async function stopElsewhere(userId: string, sessionId: string, turn: RunningTurn): Promise<readonly string[]> {
    await library.askToStop(sessionId, turn);
    const late = new AbortController();
    const timer = clock.setTimeout(() => late.abort(), STOP_PATIENCE);
    try {
      const signal = AbortSignal.any([late.signal, closing.signal]);
      return stopped(await replyOf(turn.messageId, elsewhere(userId, sessionId), signal));
    } catch (error) {
      if (late.signal.aborted || hasCode(error, "not_found")) return [];
      throw error;
    } finally {
      clock.clearTimeout(timer);
    }
  }

  async function close(): Promise<void> {
    closing.abort(draining());
    for (const turn of running) turn.hurry();
    for (const run of runs) if (!run.isBegun) run.stop(draining());
    while (runs.size > 0) await Promise.all([...runs].map(({ over }) => over));
    await Promise.all([running.close(), leftovers.close()]);
    recent.clear();
  }

  return {
    async begin(request) {
      closing.signal.throwIfAborted();
      const { who: { userId }, sessionId, signal } = request;
      const opened = sessionId === null ? null : await demandFree(userId, sessionId, signal);
      const prepared = await prepareTurn(request, opened, { library, resolve });
      closing.signal.throwIfAborted();
      const run = runTurn({
        request,
        prepared,
        library,
        inference,
        clock,
        load,
        owner() {
          owners.add(presence.owner);
          return presence.owner;
        },
        onBegin(turn) {
          running.add(turn);
          if (closing.signal.aborted) turn.hurry();
        },
        onEnd(turn) {
          running.remove(turn);
          if (!closing.signal.aborted) recent.add(turn);
        },
        onUnstored: (turn, finish) => leftovers.add(turn.messageId, finish),
        onUnknown() {
          if (sessionId !== null) leftovers.add(sessionId, () => meet(userId, sessionId));
        },
      });
      runs.add(run);
      run.over.then(() => runs.delete(run));
      return await run.begun;
    },

    async join(userId, sessionId, last) {
      const { session, running: turn } = await demand(userId, sessionId);
      const here = running.get(sessionId);
      if (here !== undefined && (last === null || last.replyId === here.replyId)) return { kind: "live", turn: here };
      if (last === null) return turn === null ? NONE : joinElsewhere(userId, sessionId, turn);
      const ended = recent.get(sessionId, last.replyId);
      if (ended !== null) return last.n === ended.log.lastNumber ? NONE : { kind: "live", turn: ended };
      const { replyId } = last;
      if (turn?.replyId === replyId) return joinElsewhere(userId, sessionId, turn);
      if ((await library.message(session, replyId))?.role !== "assistant") return NONE;
      const question = await questionOf(session, replyId, library);
      if (question === null) return NONE;
      // A reply of several rounds has a message for each: this may be one of the turn that runs.
      const isOver = turn?.messageId !== question.id;
      if (isOver) {
        if (clock.now() - session.updatedAt > JOINABLE_FOR) return NONE;
        // Whoever has the end has all: an EventSource would ask for it again and again.
        const reply = await lastReply(session, question.id, library);
        if (last.n >= storedNumbers(reply).done) return NONE;
      }
      return joinElsewhere(userId, sessionId, { messageId: question.id, replyId });
    },

    async stop(userId, sessionId) {
      const { running: turn } = await demand(userId, sessionId);
      const here = running.get(sessionId);
      if (here !== undefined) return await stopHere(here);
      return turn === null ? [] : await stopElsewhere(userId, sessionId, turn);
    },

    async remove(userId, sessionId) {
      const opened = await library.open(userId, sessionId);
      const here = opened === null ? undefined : running.get(sessionId);
      // First: what is deleted takes the wish to stop with it. Whatever goes wrong, it is deleted now.
      if (here !== undefined) await stopHere(here).catch(() => {});
      else if (opened?.running != null) await stopElsewhere(userId, sessionId, opened.running).catch(() => {});
      const removed = await library.remove(userId, sessionId);
      // One that has begun meanwhile.
      if (removed) { for (const run of runs) if (run.sessionId === sessionId) run.stop(noSession(sessionId)); }
      return removed;
    },

    async mend() {
      for await (const { userId, sessionId, owner } of library.busy()) {
        if (owners.has(owner) && running.get(sessionId) === undefined) await meet(userId, sessionId);
      }
    },

    close: () => closed ??= close(),
  };
}

const NONE: Joined = { kind: "none" };

/** @throws why its reply could not be stored */
async function stopHere(turn: LiveTurn): Promise<readonly string[]> {
  turn.stop();
  const { message, failure } = await turn.ended;
  if (message === null) throw failure;
  return stopped(message);
}

/** A reply that came to its end before the stop was not stopped. */
function stopped({ id, status }: Message): readonly string[] {
  return status === "stopped" ? [id] : [];
}

function noSession(sessionId: string): GatehouseError {
  const id = JSON.stringify(sessionId.slice(0, 50));
  return new GatehouseError("not_found", `Cannot find this session: you have none with the id ${id}`);
}

function draining(): GatehouseError {
  return new GatehouseError("draining", "Cannot begin a turn: the server is stopping; try again in a moment", {
    retryAfterSeconds: 5,
  });
}
