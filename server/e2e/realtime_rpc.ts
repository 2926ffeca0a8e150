import { JSONRPCClient, JSONRPCServer, JSONRPCServerAndClient } from "json-rpc-2.0";
import { within } from "./realtime_within.ts";
import type { Wire } from "./realtime_wire.ts";

/** Parameters or a result. */
export type Fields = Readonly<Record<string, unknown>>;

/** What a task tells at its end, whichever it is. */
export interface TaskEnd {
  readonly status_message?: string;
  readonly final_text?: string;
  readonly usage?: { readonly total_tokens: number } | null;
  readonly error?: { readonly code: number; readonly message: string; readonly data?: Fields };
}

/** A call that the client is to make. */
export interface CallRequest {
  readonly request_id: string;
  readonly tool_name: string;
  readonly parameters: Fields;
}

/** A notification. */
interface Note {
  readonly name: string;
  readonly params: Fields;
}

const NAMES = ["text_chunk", "function_call_request", "end", "error"];

/** The client of the npm package `json-rpc-2.0` on a WebSocket of any kind. */
export class RpcClient implements AsyncDisposable {
  /** What the tasks have told, in order. */
  readonly notes: Note[] = [];
  readonly rpc: JSONRPCServerAndClient;
  readonly #waiting = new Set<() => void>();

  constructor(readonly wire: Wire) {
    const requests = new JSONRPCClient((request) => wire.send(JSON.stringify(request)));
    this.rpc = new JSONRPCServerAndClient(new JSONRPCServer(), requests);
    for (const name of NAMES) {
      this.rpc.addMethod(name, (params: Fields) => {
        this.notes.push({ name, params });
        for (const wake of this.#waiting) wake();
      });
    }
    wire.listen((text) => void this.rpc.receiveAndSend(JSON.parse(text), undefined, undefined));
  }

  /** Sends a request and waits for its result. @throws {JSONRPCErrorException} the error of the answer */
  async request(method: string, params: Fields): Promise<Fields> {
    return await within(Promise.resolve(this.rpc.request(method, params, undefined)), `the answer to ${method}`);
  }

  /** Begins a task. @returns its id */
  async generate(params: Fields): Promise<string> {
    return String((await this.request("generate", params)).task_id);
  }

  /** What a task has said so far, piece by piece. */
  chunks(task: string): readonly string[] {
    return this.#of(task, "text_chunk").map(({ params }) => String(params.chunk));
  }

  /** The calls that a task asks for, once there are so many since its beginning. */
  async calls(task: string, count: number): Promise<readonly CallRequest[]> {
    return await this.#until(() => {
      const told = this.#of(task, "function_call_request");
      // The names are the contract's.
      return told.length >= count ? told.map(({ params }) => params as unknown as CallRequest) : undefined;
    }, `${count} calls of task ${task}`);
  }

  /** Waits until a task has said something. */
  async begun(task: string): Promise<void> {
    await this.#until(() => this.chunks(task)[0], `text of task ${task}`);
  }

  /** How a task ended. */
  async ended(task: string): Promise<TaskEnd> {
    return await this.#until(
      () => [...this.#of(task, "end"), ...this.#of(task, "error")][0]?.params,
      `the end of task ${task}`,
    );
  }

  /** Leaves. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.wire[Symbol.asyncDispose]();
  }

  #of(task: string, name: string): readonly Note[] {
    return this.notes.filter((note) => note.name === name && note.params.task_id === task);
  }

  async #until<T>(find: () => T | undefined, what: string): Promise<T> {
    const found = Promise.withResolvers<T>();
    const look = () => {
      const value = find();
      if (value !== undefined) found.resolve(value);
    };
    this.#waiting.add(look);
    look();
    try {
      return await within(found.promise, what);
    } catch (error) {
      throw new Error(`${what} did not come, but ${JSON.stringify(this.notes.slice(-20))}`, { cause: error });
    } finally {
      this.#waiting.delete(look);
    }
  }
}
