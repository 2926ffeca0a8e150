import type { EventCall } from "../../inference/mod.ts";
import { toolsUpstream } from "../tools/tools_upstream.ts";
import type { Window } from "../window/window.ts";
import type { Task } from "./rounds.ts";

/**
 * The call of one round. What belongs to the client's one request goes with the first alone: the admission it waits for,
 * its idempotency key (a later round is no repetition of it), and its demand for a tool call (kept up, no task would end).
 *
 * @param startedAt when the round began, in milliseconds on the monotonic clock
 */
export function roundCall(
  { call, fields, tools }: Pick<Task, "call" | "fields" | "tools">,
  { messages }: Window,
  isFirst: boolean,
  startedAt: number,
): Omit<EventCall, "onBill"> {
  const { onAdmitted, ...rest } = call;
  const { tool_choice, ...others } = fields;
  const isAsked = tool_choice !== undefined && (isFirst || !isDemand(tool_choice));
  return {
    ...rest,
    ...(isFirst ? onAdmitted === undefined ? {} : { onAdmitted } : {
      headers: rest.headers.filter(([name]) => name !== "idempotency-key"),
      startedAt,
    }),
    body: {
      ...others,
      ...(isAsked ? { tool_choice } : {}),
      messages,
      // Upstreams refuse an empty list.
      ...(tools.length === 0 ? {} : { tools: toolsUpstream(tools) }),
    },
    stream: true,
  };
}

/** Whether a `tool_choice` makes the model call a tool whatever it was told already. */
function isDemand(choice: unknown): boolean {
  if (typeof choice !== "object" || choice === null) return choice === "required" || choice === "any";
  return "type" in choice && choice.type === "function";
}
