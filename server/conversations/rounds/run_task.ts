import type { Clock } from "../../effects/mod.ts";
import { GatehouseError } from "../../errors/mod.ts";
import type { Inference } from "../../inference/mod.ts";
import type { ToolCall } from "../../upstream/mod.ts";
import type { Bill } from "../../usage/mod.ts";
import type { MessageStatus } from "../message.ts";
import { demandFree } from "./own_fields.ts";
import { RefusedError } from "./refused_error.ts";
import { Round } from "./round.ts";
import { roundCall } from "./round_call.ts";
import type { Outcome, Task } from "./rounds.ts";
import { sumBills } from "./sum_bills.ts";

/** A model that asks for tools more often than this will not come to an end. */
const MAX_ROUNDS = 100;

/** What a task stands on. */
export interface RunOptions {
  /** Sends the rounds. */
  readonly inference: Pick<Inference, "events">;
  /** Times the rounds after the first. @default {they are timed from the request on, their tools included} */
  readonly clock?: Pick<Clock, "monotonic">;
}

/**
 * Runs a task to its end: the model answers, and goes on as long as it asks for tools and somebody makes the calls. It
 * stops at once when the task's signal is aborted.
 *
 * Once the calls of a round were handed to the script, the outcome's `said` is the round after it: an empty one where the
 * task ends before the model is asked again. What a round says beside its text (its calls) is kept only if it ended.
 *
 * @returns how it ended: what the model, the upstream, the script or the tools did wrong is the outcome's failure
 * @throws {GatehouseError} `invalid_field`: a field is not the caller's to set; nothing was sent
 */
export async function runTask(task: Task, { inference, clock }: RunOptions): Promise<Outcome> {
  demandFree(task.fields);
  const { call: { signal, model, upstream, startedAt }, script, callTools, onText } = task;
  const bills: Bill[] = [];
  const ids = new Set<string>();
  const newRound = () => new Round({ model, upstream: upstream.name, onText });
  let round = newRound();
  let headers: Readonly<Record<string, string>> = {};

  async function ask(isFirst: boolean): Promise<void> {
    const asked = round;
    signal.throwIfAborted();
    const window = await script.window(signal);
    asked.historyFrom = window.historyFrom;
    signal.throwIfAborted();
    headers = {};
    const answer = await inference.events({
      ...roundCall(task, window, isFirst, clock?.monotonic() ?? startedAt),
      onBill: (bill) => {
        asked.bill = bill;
        bills.push(bill);
      },
    });
    if (answer.kind === "refused") throw new RefusedError(answer, upstream.name);
    headers = withoutType(answer.headers);
    for await (const event of answer.events) {
      // One chunk may hold many events: they come also when nobody is there any more.
      signal.throwIfAborted();
      asked.take(event);
    }
    signal.throwIfAborted();
  }

  const ended = (status: MessageStatus, failure: Error | null, calls: readonly ToolCall[] = []): Outcome => ({
    said: round.said(status, calls),
    usage: sumBills(bills),
    headers,
    failure,
  });

  try {
    for (let count = 1;; count++) {
      await ask(count === 1);
      const calls = round.calls(ids);
      if (calls.length === 0 || callTools === null) return ended("complete", null, calls);
      if (count === MAX_ROUNDS) throw endless();
      await script.said(round.said("complete", calls));
      round = newRound();
      await script.answered(await callTools(calls, signal));
    }
  } catch (thrown) {
    return signal.aborted ? ended("stopped", null) : ended("failed", asError(thrown));
  }
}

/** The answer of a task is not the upstream's, and has a type of its own. */
function withoutType(headers: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => name.toLowerCase() !== "content-type"));
}

function endless(): GatehouseError {
  return new GatehouseError(
    "upstream_failed",
    `Cannot go on with this task: the model asked for tools ${MAX_ROUNDS} times and has not come to an end; ask for less`,
  );
}

function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error("What ended the task was no error");
}
