import type { ToolDesk } from "../../../conversations/mod.ts";
import { GatehouseError } from "../../../errors/mod.ts";
import type { Socket } from "../../../http/mod.ts";
import type { Logger } from "../../../telemetry/mod.ts";
import { errorObject } from "./error_object.ts";
import { RPC_CODES, RpcError } from "./rpc_error.ts";
import { createRunningTask, type Ending, type RunningTask } from "./running_task.ts";

/** As many stateless tasks may run at once on a connection. */
const MAX_STATELESS = 8;

/** Seconds after which another server is likely to be there. */
const RETRY_AFTER = 5;

/** What {@linkcode createConnectionTasks} is made of. */
export interface ConnectionTasksOptions {
  /** The connection's. */
  readonly socket: Socket;
  /** The session that it was opened for. */
  readonly sessionId: string;
  /** Names a task. */
  readonly newTaskId: () => string;
  /** A desk for the tool calls of one task. */
  readonly newDesk: () => ToolDesk;
  /** Told of our own faults. */
  readonly log: Logger;
}

/** The tasks of one connection. They end when its client leaves. */
export interface ConnectionTasks {
  /**
   * Registers a task that is about to begin: from now on it can be cancelled.
   *
   * @throws {RpcError} busy: its session has a turn on this connection, or eight stateless tasks are there
   * @throws {GatehouseError} `draining`
   */
  open(isStored: boolean): RunningTask;
  /** Forgets a task that was refused before it began. */
  drop(task: RunningTask): void;
  /** Forgets a task and tells the client how it ended. */
  finish(task: RunningTask, ending: Ending): void;
  /** The task of an id that was not cancelled. @throws {RpcError} unknown task */
  find(id: string, what: string): RunningTask;
  /** All that were not cancelled. */
  running(): readonly RunningTask[];
  /** Takes no new ones, and closes the connection when none is left. */
  drain(): void;
  /** Counts a frame that is being answered: while draining, the connection stays open for that. @returns it is */
  answering(): () => void;
}

/** A connection without tasks. */
export function createConnectionTasks(
  { socket, sessionId, newTaskId, newDesk, log }: ConnectionTasksOptions,
): ConnectionTasks {
  const tasks = new Map<string, RunningTask>();
  let isDraining = false;
  let frames = 0;

  function closeIfIdle(): void {
    if (isDraining && tasks.size === 0 && frames === 0) socket.close(1001, "the server is stopping");
  }

  function drop(task: RunningTask): void {
    tasks.delete(task.id);
    closeIfIdle();
  }

  socket.signal.addEventListener("abort", () => {
    for (const task of tasks.values()) task.cancel();
  }, { once: true });

  return {
    open(isStored) {
      if (isDraining) {
        throw new GatehouseError(
          "draining",
          "Cannot generate: the server is stopping; open another connection in a moment",
          { retryAfterSeconds: RETRY_AFTER },
        );
      }
      demandRoom([...tasks.values()], isStored);
      const id = newTaskId();
      const task = createRunningTask({ id, sessionId, isStored, desk: newDesk(), socket });
      tasks.set(id, task);
      if (socket.signal.aborted) task.cancel();
      return task;
    },
    drop,
    finish(task, ending) {
      tasks.delete(task.id);
      if (ending.kind === "error") task.notify("error", { error: errorObject(ending.thrown, log) });
      else {
        const { status, text, usage } = ending;
        task.notify("end", { status_message: status, final_text: text, usage });
      }
      closeIfIdle();
    },
    find(id, what) {
      const task = tasks.get(id);
      if (task !== undefined && !task.signal.aborted) return task;
      throw new RpcError({
        code: RPC_CODES.unknownTask,
        message: `Cannot ${what}: no such task runs on this connection, or it has ended; send a task_id of generate`,
        data: { param: "task_id" },
      });
    },
    running: () => [...tasks.values()].filter((task) => !task.signal.aborted),
    drain() {
      isDraining = true;
      closeIfIdle();
    },
    answering() {
      frames++;
      return () => {
        frames--;
        closeIfIdle();
      };
    },
  };
}

/** Cancelled ones count until they have ended: only then are they gone upstream, too. */
function demandRoom(tasks: readonly RunningTask[], isStored: boolean): void {
  const ofKind = tasks.filter((task) => task.isStored === isStored).length;
  if (ofKind < (isStored ? 1 : MAX_STATELESS)) return;
  throw new RpcError({
    code: RPC_CODES.busy,
    message: isStored
      ? "Cannot generate: another turn runs in this session; wait for its end, or cancel it"
      : `Cannot generate: ${MAX_STATELESS} tasks run on this connection; wait for the end of one, or cancel one`,
    ...(isStored ? { data: { code: "session_busy" } } : {}),
  });
}
