import { ulid } from "@std/ulid";
import { createToolDesk } from "../../../conversations/mod.ts";
import type { OpenProtocol } from "../connection.ts";
import { cancel } from "./cancel.ts";
import { createConnectionTasks } from "./connection_tasks.ts";
import { dispatch, type Method } from "./dispatch.ts";
import { generate } from "./generate.ts";
import { toolResult } from "./tool_result.ts";

/** The protocol with tasks that are named by `newTaskId`. */
export function createRpcProtocol(newTaskId: () => string): OpenProtocol {
  return (connection, options) => {
    const { socket, session, log } = connection;
    const tasks = createConnectionTasks({
      socket,
      sessionId: session.id,
      newTaskId,
      newDesk: () => createToolDesk({ clock: options.clock }),
      log,
    });
    const methods: ReadonlyMap<string, Method> = new Map([
      ["generate", generate(connection, options, tasks)],
      ["tool_result", toolResult(tasks)],
      ["cancel", cancel(tasks)],
    ]);
    const send = (text: string) => {
      if (!socket.signal.aborted) socket.send(text);
    };
    return {
      onText(text) {
        const answered = tasks.answering();
        dispatch(text, { methods, send, log }).finally(answered);
      },
      onDrain: () => tasks.drain(),
    };
  };
}

/** Speaks JSON-RPC 2.0: `generate`, `tool_result` and `cancel`, and notifications of what the tasks say. */
export const rpcProtocol: OpenProtocol = createRpcProtocol(() => ulid());
