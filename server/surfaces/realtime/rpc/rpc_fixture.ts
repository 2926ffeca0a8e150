import { assert } from "@std/assert";
import { LOCAL_USER, type Who } from "../../../accounts/mod.ts";
import {
  type Conversations,
  type Library,
  type Message,
  NO_SETTINGS,
  type Said,
  type Session,
  type StatelessRequest,
  type ToolDefinition,
  type ToolResult,
  type TurnRequest,
  type Turns,
} from "../../../conversations/mod.ts";
import { FakeClock, settle } from "../../../effects/fake_clock.ts";
import type { Socket, SocketHandler } from "../../../http/mod.ts";
import { type Logger, silentLogger } from "../../../telemetry/mod.ts";
import type { ToolCall } from "../../../upstream/mod.ts";
import { createRpcProtocol } from "./rpc_protocol.ts";

/** A frame of the server's, parsed. */
export type Sent = Readonly<Record<string, unknown>>;

/** A task as the room below sees it: the test says what happens in it. */
export interface Run<R> {
  readonly request: R;
  /** Lets the task begin. */
  admit(): void;
  /** Refuses it. */
  refuse(error: Error): void;
  say(text: string): void;
  /** The model asks for tools. */
  call(...calls: readonly ToolCall[]): Promise<readonly ToolResult[]>;
  end(said?: Partial<Said>): void;
  fail(failure: Error): void;
}

const usage = { prompt_tokens: 1, completion_tokens: 2, total_tokens: 3, estimated: false };

/** What an `end` shows of the calls that these tasks take. */
export const USAGE = usage;

export const SESSION: Session = {
  id: "S",
  userId: LOCAL_USER.userId,
  name: null,
  protocol: "rpc",
  settings: NO_SETTINGS,
  lastModel: null,
  messageCount: 0,
  createdAt: 0,
  updatedAt: 0,
};

/** One connection that speaks the protocol, above rooms that do what the test says. */
export class RpcRig {
  readonly clock = new FakeClock();
  /** All frames that were sent, batches as arrays. */
  readonly frames: (Sent | readonly Sent[])[] = [];
  readonly runs: Run<StatelessRequest>[] = [];
  readonly turns: Run<TurnRequest>[] = [];
  readonly logged: string[] = [];
  closed: readonly [number, string] | null = null;
  who: () => Promise<Who> = () => Promise.resolve(LOCAL_USER);
  sessionTools: readonly ToolDefinition[] = [];
  readonly handler: SocketHandler;
  readonly #gone = new AbortController();
  #lastId = 0;
  #lastTask = 0;

  /** @param room real rooms, in place of those that the test plays */
  constructor(
    room: { readonly conversations: Conversations; readonly session: Session; readonly who: Who } | null = null,
  ) {
    if (room !== null) this.who = () => Promise.resolve(room.who);
    const session = room?.session ?? SESSION;
    const socket: Socket = {
      send: (text) => {
        assert(!this.#gone.signal.aborted, "nothing is sent once the socket is closed");
        this.frames.push(JSON.parse(text));
      },
      close: (code, reason) => {
        this.closed ??= [code, reason];
        this.leave();
      },
      signal: this.#gone.signal,
    };
    const log: Logger = { ...silentLogger, error: (message) => void this.logged.push(message) };
    const headers = [["user-agent", "x"], ["idempotency-key", "k"]] as const;
    const connection = { socket, session, who: () => this.who(), headers, log };
    this.handler = createRpcProtocol(() => `T${++this.#lastTask}`)(connection, {
      conversations: room?.conversations ?? this.#conversations(),
      clock: this.clock,
    });
  }

  /** Sends a text as it is, and waits until nothing moves. */
  async text(text: string): Promise<void> {
    this.handler.onText(text);
    await settle();
  }

  /** Sends a request, waits until nothing moves, and returns its answer; undefined: there is none yet. */
  async ask(method: string, params: Sent): Promise<Sent | undefined> {
    const id = ++this.#lastId;
    await this.text(JSON.stringify({ jsonrpc: "2.0", id, method, params }));
    return this.answer(id);
  }

  /** How many requests were answered. */
  get answers(): number {
    return this.frames.flat().filter(({ id }) => id !== undefined).length;
  }

  /** The answer to a request. */
  answer(id: number): Sent | undefined {
    return this.frames.flat().find((frame) => frame.id === id);
  }

  /** The code of the error that answers a request. */
  async refused(method: string, params: Sent): Promise<number | undefined> {
    return errorIn(await this.ask(method, params))?.code;
  }

  /** What was told of a task, in short: `text_chunk:…`, `function_call_request:…`, `end:…`, `error:…`. */
  told(taskId: string): string[] {
    return this.frames.flat().flatMap((frame) => {
      const params = isFields(frame.params) ? frame.params : {};
      if (params.task_id !== taskId) return [];
      const { chunk, request_id, status_message, final_text, error } = params;
      const code = isFields(error) ? error.code : undefined;
      return [`${frame.method}:${chunk ?? request_id ?? code ?? `${status_message}:${final_text}`}`];
    });
  }

  /** The client leaves. */
  leave(): void {
    this.#gone.abort(new DOMException("gone", "AbortError"));
  }

  get gone(): boolean {
    return this.#gone.signal.aborted;
  }

  #conversations(): Conversations {
    const library: Pick<Library, "tools"> = { tools: () => Promise.resolve(this.sessionTools) };
    const turns: Pick<Turns, "begin"> = {
      begin: async (request) => {
        const { promise: admitted, resolve: admit, reject: refuse } = Promise.withResolvers<void>();
        const ended = Promise.withResolvers<{ readonly said: Said; readonly failure: Error | null }>();
        this.turns.push(runOf(request, admit, refuse, ended.resolve));
        request.signal.addEventListener("abort", () => refuse(request.signal.reason));
        await admitted;
        return {
          sessionId: SESSION.id,
          messageId: "U",
          replyId: "R",
          headers: {},
          events: () => {
            throw new Error("nobody reads them");
          },
          ended: ended.promise.then(({ said, failure }) => ({ message: messageOf(said), usage: said.bill, failure })),
          stop: () => {},
        };
      },
    };
    const tasks: Conversations["tasks"] = {
      run: async (request) => {
        const refused = Promise.withResolvers<never>();
        const ended = Promise.withResolvers<{ readonly said: Said; readonly failure: Error | null }>();
        this.runs.push(runOf(request, () => request.onAdmitted?.(), refused.reject, ended.resolve));
        const { said, failure } = await Promise.race([refused.promise, ended.promise]);
        return { said, usage: said.bill, failure };
      },
    };
    // The protocol uses no more of the rooms than this.
    return { library: library as Library, turns: turns as Turns, tasks, close: () => Promise.resolve() };
  }
}

/** A call of the model's. */
export function toolCall(id: string, name = "f", args = "{}"): ToolCall {
  return { id, name, arguments: args };
}

/** The error that a frame holds. */
export function errorIn(
  frame: Sent | undefined,
): { readonly code?: number; readonly message?: string; readonly data?: unknown } | undefined {
  return isFields(frame?.error) ? frame.error : undefined;
}

type Settle = (end: { readonly said: Said; readonly failure: Error | null }) => void;

/** What both kinds of requests have. */
interface Asked extends Pick<TurnRequest, "onText" | "signal"> {
  readonly callTools?: StatelessRequest["callTools"];
}

function runOf<R extends Asked>(
  request: R,
  admit: () => void,
  refuse: (error: Error) => void,
  settle: Settle,
): Run<R> {
  let text = "";
  // As in the rooms: nothing is said before it is let through, nor after its end.
  let state: "waiting" | "running" | "ended" = "waiting";
  const end = (said: Said, failure: Error | null) => {
    state = "ended";
    settle({ said, failure });
  };
  const said = (more: Partial<Said>): Said => ({
    text,
    toolCalls: [],
    status: "complete",
    finishReason: "stop",
    model: "m",
    bill: { usage, cost: null },
    historyFrom: null,
    ...more,
  });
  request.signal.addEventListener("abort", () => end(said({ status: "stopped", finishReason: null }), null));
  return {
    request,
    admit() {
      if (state !== "waiting") return;
      state = "running";
      admit();
    },
    refuse(error) {
      if (state !== "waiting") return;
      state = "ended";
      refuse(error);
    },
    say(piece) {
      if (state !== "running") return;
      text += piece;
      request.onText?.(piece);
    },
    call(...calls) {
      if (state !== "running") return Promise.resolve([]);
      text = "";
      assert(request.callTools);
      return request.callTools(calls, request.signal);
    },
    end: (more = {}) => end(said(more), null),
    fail: (failure) => end(said({ status: "failed" }), failure),
  };
}

function messageOf({ text, status, finishReason, bill }: Said): Message {
  return {
    id: "R",
    role: "assistant",
    content: text,
    toolCalls: [],
    toolCallId: null,
    status,
    finishReason,
    historyFrom: null,
    model: "m",
    bill,
    metadata: null,
    createdAt: 0,
  };
}

function isFields(value: unknown): value is Sent {
  return typeof value === "object" && value !== null;
}
