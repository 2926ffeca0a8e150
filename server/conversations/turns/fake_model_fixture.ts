import { GatehouseError } from "../../errors/mod.ts";
import type { EventAnswer, EventCall, Inference } from "../../inference/mod.ts";
import { type ModelEvent, type Models, type Upstream } from "../../upstream/mod.ts";
import { fakeUpstream } from "../../upstream/upstream_fixture.ts";
import type { Bill } from "../../usage/mod.ts";

/** What every call of the fake model takes. */
export const BILL: Bill = {
  usage: { prompt_tokens: 5, completion_tokens: 2, total_tokens: 7, estimated: false },
  cost: { micros: 3, currency: "USD" },
};

/** One call to the fake model: it says what the test says. */
export class FakeCall {
  readonly #events: ModelEvent[] = [];
  #end: { readonly error: Error | null } | null = null;
  #wake = () => {};

  constructor(readonly call: EventCall) {
    call.signal.addEventListener("abort", () => this.fail(gone()), { once: true });
  }

  get isAborted(): boolean {
    return this.call.signal.aborted;
  }

  get messages(): readonly Record<string, unknown>[] {
    return this.call.body.messages as Record<string, unknown>[]; // runTask puts them there
  }

  tell(...events: readonly ModelEvent[]): void {
    this.#events.push(...events);
    this.#wake();
  }

  say(...texts: readonly string[]): void {
    this.tell(...texts.map((text) => ({ type: "text", choice: 0, text } as const)));
  }

  /** Asks for a tool. */
  ask(id: string, name: string): void {
    this.tell({ type: "tool_call_delta", choice: 0, index: 0, id, name, arguments: "{}" });
  }

  finish(reason = "stop"): void {
    this.tell({ type: "finish", choice: 0, reason });
    this.#end ??= { error: null };
    this.#wake();
  }

  fail(error: Error): void {
    this.#end ??= { error };
    this.#wake();
  }

  async *events(): AsyncGenerator<ModelEvent, void, undefined> {
    try {
      for (;;) {
        if (this.isAborted) throw gone();
        const event = this.#events.shift();
        if (event !== undefined) yield event;
        else if (this.#end === null) await new Promise<void>((resolve) => this.#wake = resolve);
        else if (this.#end.error !== null) throw this.#end.error;
        else return;
      }
    } finally {
      this.call.onBill?.(BILL);
    }
  }
}

/** A model, and the gate before it. */
export class FakeModel {
  readonly calls: FakeCall[] = [];
  /** Thrown by the gate before a call is let through. */
  refusal: GatehouseError | null = null;
  /** The upstream's own refusal of the next calls. */
  status: number | null = null;
  /** Of its answers. */
  headers: Readonly<Record<string, string>> = {};
  /** In tokens. */
  window: number | null = null;
  /** What the upstream does not have. */
  lacking = "m9";

  readonly inference: Pick<Inference, "events"> = {
    events: async (call): Promise<EventAnswer> => {
      if (this.refusal !== null) throw this.refusal;
      await call.onAdmitted?.({});
      if (call.signal.aborted) throw gone();
      if (this.status !== null) {
        call.onBill?.(BILL);
        return { kind: "refused", status: this.status, headers: {}, body: new TextEncoder().encode("{}") };
      }
      const fake = new FakeCall(call);
      this.calls.push(fake);
      return { kind: "events", headers: this.headers, events: fake.events(), bill: () => BILL };
    },
  };

  readonly upstream: Upstream = fakeUpstream({ defaultModel: "m1", systemPrompt: "Be kind.", temperature: 0.1 });

  readonly models: Models = {
    list: () => Promise.reject(new Error("not asked here")),
    lacks: (model) => Promise.resolve(model === this.lacking),
    ask: () => Promise.reject(new Error("not asked here")),
    maxOutput: () => 100,
    contextWindow: () => this.window,
    close: () => Promise.resolve(),
  };

  /** The last call. */
  get last(): FakeCall {
    const last = this.calls.at(-1);
    if (last === undefined) throw new Error("the model was not called");
    return last;
  }
}

function gone(): GatehouseError {
  return new GatehouseError("client_closed_request", "The client left before the end of the answer");
}
