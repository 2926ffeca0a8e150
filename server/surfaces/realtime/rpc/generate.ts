import { GatehouseError } from "../../../errors/mod.ts";
import type { Connection, RealtimeOptions } from "../connection.ts";
import type { Who } from "../../../accounts/mod.ts";
import type { ConnectionTasks } from "./connection_tasks.ts";
import type { Method } from "./dispatch.ts";
import { readGenerate } from "./generate_params.ts";
import { type BeginOptions, beginStateless, beginStored, type Begun } from "./begin_task.ts";
import type { RunningTask } from "./running_task.ts";

/**
 * `generate`: begins a task and answers once the call is let through; what is refused until then is the answer. From the
 * moment it is read the task can be cancelled: one that was cancelled before it began has an end, too.
 */
export function generate(connection: Connection, options: RealtimeOptions, tasks: ConnectionTasks): Method {
  return async (params, later) => {
    const startedAt = options.clock.monotonic();
    const wish = readGenerate(params);
    let mayPass = true;
    const task = tasks.open(wish.kind === "stored");
    // The client hears of the task by the answer, whatever comes first.
    later(task.hold());
    let begun: Begun;
    try {
      const who = await whoAsks(connection, () => later(() => close(connection)));
      task.signal.throwIfAborted();
      const begin: BeginOptions = {
        task,
        who,
        stillMay: async () => void await whoAsks(connection, () => mayPass = false),
        startedAt,
        connection,
        conversations: options.conversations,
      };
      begun = await (wish.kind === "stored" ? beginStored(wish, begin) : beginStateless(wish, begin));
    } catch (thrown) {
      if (!task.signal.aborted) {
        tasks.drop(task);
        throw thrown;
      }
      tasks.finish(task, { kind: "end", status: "stopped", text: "", usage: null });
      return named(connection, task);
    }
    begun.ended.then((ending) => {
      tasks.finish(task, ending);
      if (!mayPass) close(connection);
    });
    return named(connection, task);
  };
}

function named({ session }: Connection, task: RunningTask): Readonly<Record<string, string>> {
  return { session_id: session.id, task_id: task.id };
}

/** Who asks, as of now. @param onRefused told where they may not pass any more: the connection is to be closed */
async function whoAsks({ who }: Connection, onRefused: () => void): Promise<Who> {
  try {
    return await who();
  } catch (thrown) {
    if (thrown instanceof GatehouseError && (thrown.status === 401 || thrown.status === 403)) onRefused();
    throw thrown;
  }
}

function close({ socket }: Connection): void {
  socket.close(1008, "the credential of this connection is no longer accepted");
}
