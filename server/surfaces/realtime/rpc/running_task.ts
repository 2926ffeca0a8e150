import { Buffer } from "node:buffer";
import { type GivenResult, parseArguments, type ToolDesk, type ToolResult } from "../../../conversations/mod.ts";
import type { ToolCall } from "../../../upstream/mod.ts";
import { paramFault } from "./param_fault.ts";
import { createOutlet, type Outlet, type OutletSocket } from "./outlet.ts";

/** The results of a task together, in bytes of JSON: they wait in memory for the rounds to come. */
const MAX_RESULTS = 16 * 1024 * 1024;

/** How a task ended. */
export type Ending =
  /** Whole, or stopped: with the text of its last round. */
  | { readonly kind: "end"; readonly status: string; readonly text: string; readonly usage: unknown }
  /** It failed. */
  | { readonly kind: "error"; readonly thrown: unknown };

/** What {@linkcode createRunningTask} is made of. */
export interface RunningTaskOptions {
  /** Names it on this connection. */
  readonly id: string;
  /** The session of the connection. */
  readonly sessionId: string;
  /** Whether it is a turn of the session. */
  readonly isStored: boolean;
  /** Where its calls wait for results. */
  readonly desk: ToolDesk;
  /** Where its notifications go. */
  readonly socket: OutletSocket;
}

/** One task of a connection. */
export interface RunningTask {
  /** Names it on this connection. */
  readonly id: string;
  /** Whether it is a turn of the session. */
  readonly isStored: boolean;
  /** Aborted when it is cancelled, or the client has left. */
  readonly signal: AbortSignal;
  /** Ends it: it takes no more results. */
  cancel(): void;
  /** Holds back its notifications. @returns lets them go */
  hold(): () => void;
  /** Tells the client of more text. */
  text(chunk: string): void;
  /** Has the client make the calls of a round, all of them at once. */
  readonly call: (calls: readonly ToolCall[], signal: AbortSignal) => Promise<readonly ToolResult[]>;
  /** The tool that an open call names; undefined: no such call waits. */
  toolOf(callId: string): string | undefined;
  /**
   * Takes results.
   *
   * @returns how many of them a call was waiting for
   * @throws {GatehouseError} `invalid_field`: those of the task are too long together; none is taken
   */
  give(results: readonly GivenResult[]): number;
  /** Tells the client of anything else. */
  notify: Outlet["notify"];
}

/** A task that has not begun yet. */
export function createRunningTask({ id, sessionId, isStored, desk, socket }: RunningTaskOptions): RunningTask {
  const controller = new AbortController();
  const outlet = createOutlet(socket);
  let open: ReadonlyMap<string, string> = new Map();
  let bytes = 0;

  function notify(method: string, params: Readonly<Record<string, unknown>>): void {
    outlet.notify(method, { session_id: sessionId, task_id: id, ...params });
  }

  return {
    id,
    isStored,
    signal: controller.signal,
    cancel: () => controller.abort(new DOMException("The task was cancelled", "AbortError")),
    hold: () => outlet.hold(),
    notify,
    text: (chunk) => notify("text_chunk", { chunk }),
    async call(calls, signal) {
      // The desk waits for the results before anybody hears of the calls.
      const results = desk.ask(calls, signal);
      open = new Map(calls.map((call) => [call.id, call.name]));
      if (!signal.aborted) {
        for (const call of calls) {
          const parameters = parseArguments(call.arguments);
          notify("function_call_request", { request_id: call.id, tool_name: call.name, parameters });
        }
      }
      try {
        return await results;
      } finally {
        open = new Map();
      }
    },
    toolOf: (callId) => open.get(callId),
    give(results) {
      const more = Buffer.byteLength(JSON.stringify(results));
      if (bytes + more > MAX_RESULTS) {
        throw paramFault("tool_result", "results", "are longer than 16 MiB with those before; send shorter ones");
      }
      const taken = desk.give(results);
      if (taken > 0) bytes += more;
      return taken;
    },
  };
}
