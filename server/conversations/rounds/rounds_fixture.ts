import { LOCAL_USER } from "../../accounts/mod.ts";
import type { EventAnswer, EventCall, RefusedCall } from "../../inference/mod.ts";
import { silentLogger } from "../../telemetry/mod.ts";
import type { ModelEvent, Upstream } from "../../upstream/mod.ts";
import type { Bill } from "../../usage/mod.ts";
import type { Said, ToolResult } from "../message.ts";
import type { Script, Task } from "./rounds.ts";

/** What a round answers: its events (an error is thrown there), or what becomes of the call instead. */
export type Answer = readonly (ModelEvent | Error)[] | RefusedCall | Error;

export const START: ModelEvent = { type: "start", id: "c", model: "m1-2026" };
export const STOP: ModelEvent = { type: "finish", choice: 0, reason: "stop" };
export const text = (text: string, choice = 0): ModelEvent => ({ type: "text", choice, text });
export const toolCall = (index: number, id?: string, name?: string, args = "{}"): ModelEvent => ({
  type: "tool_call_delta",
  choice: 0,
  index,
  ...(id === undefined ? {} : { id }),
  ...(name === undefined ? {} : { name }),
  arguments: args,
});

/** A bill of `n` tokens in all that costs `n` too. */
export function bill(n: number, estimated = false, cost: Bill["cost"] = { micros: n, currency: "USD" }): Bill {
  return { usage: { prompt_tokens: n - 1, completion_tokens: 1, total_tokens: n, estimated }, cost };
}

/** Answers each call as it is told to, and tells the bill at its ending, as the real one does. */
export class FakeInference {
  readonly calls: EventCall[] = [];
  /** Answers that have begun and have not ended. */
  open = 0;
  bills: readonly Bill[] = [];
  /** Of the answers, in their order. */
  headers: readonly Readonly<Record<string, string>>[] = [];
  readonly #answers: readonly Answer[];

  constructor(...answers: readonly Answer[]) {
    this.#answers = answers;
  }

  async events(call: EventCall): Promise<EventAnswer> {
    const number = this.calls.push(call) - 1;
    const answer = this.#answers[number] ?? new Error("nobody expects this call");
    if (answer instanceof Error) throw answer;
    await call.onAdmitted?.({});
    const used = this.bills[number] ?? bill(10);
    if ("kind" in answer) {
      call.onBill?.(used);
      return answer;
    }
    return {
      kind: "events",
      headers: this.headers[number] ?? {},
      events: this.#say(call, answer, used),
      bill: () => used,
    };
  }

  async *#say(call: EventCall, events: readonly (ModelEvent | Error)[], used: Bill): AsyncGenerator<ModelEvent> {
    this.open++;
    try {
      for (const event of events) {
        if (event instanceof Error) throw event;
        yield event;
      }
    } finally {
      this.open--;
      call.onBill?.(used);
    }
  }
}

/** A script that remembers what it is told, in order. */
export class MemoryScript implements Script {
  readonly told: (Said | readonly ToolResult[])[] = [];
  historyFrom: string | null = null;

  window() {
    return Promise.resolve({
      messages: [{ role: "user", content: "hi" }, ...this.#more()],
      historyFrom: this.historyFrom,
    });
  }

  said(said: Said) {
    this.told.push(said);
    return Promise.resolve();
  }

  answered(results: readonly ToolResult[]) {
    this.told.push(results);
    return Promise.resolve();
  }

  #more() {
    return this.told.map((told) => "text" in told ? { role: "assistant" } : { role: "tool", n: told.length });
  }
}

/** A task, what it told, and what ends it. */
export function newTask(changes: Partial<Task> = {}, call: Partial<Task["call"]> = {}) {
  const abort = new AbortController();
  const script = new MemoryScript();
  const texts: string[] = [];
  const task: Task = {
    call: {
      // A fake inference asks nothing more of it.
      upstream: { name: "u" } as Upstream,
      who: LOCAL_USER,
      model: "m1",
      maxOutput: null,
      headers: [],
      signal: abort.signal,
      startedAt: 5,
      timeout: null,
      log: silentLogger,
      ...call,
    },
    fields: {},
    tools: [],
    script,
    onText: (text) => void texts.push(text),
    callTools: null,
    ...changes,
  };
  return { task, abort, script, texts };
}

/** Answers every call by its own id. */
export const echo: NonNullable<Task["callTools"]> = (calls) =>
  Promise.resolve(calls.map(({ id }) => ({ toolCallId: id, content: id })));
