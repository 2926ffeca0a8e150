import type { ConnectionTasks } from "./connection_tasks.ts";
import type { Method } from "./dispatch.ts";
import { demandKnown, paramFault } from "./param_fault.ts";

/** `cancel {task_id?}`: ends one task, or all of the connection. Each then tells its own end. */
export function cancel(tasks: ConnectionTasks): Method {
  return (params, later) => {
    demandKnown("cancel", params, ["task_id"]);
    const { task_id: id } = params;
    if (id !== undefined && id !== null && typeof id !== "string") {
      throw paramFault("cancel", "task_id", "is no string; send a task_id of generate, or none for all");
    }
    const meant = typeof id === "string" ? [tasks.find(id, "cancel")] : tasks.running();
    for (const task of meant) {
      later(task.hold());
      task.cancel();
    }
    return { cancelled: meant.map((task) => task.id) };
  };
}
