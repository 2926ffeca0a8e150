import type { GivenResult } from "../../../conversations/mod.ts";
import { isObject } from "./is_object.ts";
import type { ConnectionTasks } from "./connection_tasks.ts";
import type { Method } from "./dispatch.ts";
import { demandKnown, paramFault } from "./param_fault.ts";

type Fields = Readonly<Record<string, unknown>>;

const METHOD = "tool_result";

/**
 * `tool_result {task_id, results}`: what the client's tools gave. Results for calls that wait for none are passed over;
 * a wrong name for a call that does is a fault, and nothing of that request is taken.
 */
export function toolResult(tasks: ConnectionTasks): Method {
  return (params) => {
    demandKnown(METHOD, params, ["task_id", "results"]);
    const { task_id: id, results } = params;
    if (typeof id !== "string") throw paramFault(METHOD, "task_id", "is no string; send the call's own");
    if (!Array.isArray(results)) throw paramFault(METHOD, "results", "is no array; send one item for each call");
    const given = results.map((result: unknown, index) => readResult(result, `results.${index}`));
    const task = tasks.find(id, "take these results");
    for (const [index, { toolCallId, toolName }] of given.entries()) {
      const tool = task.toolOf(toolCallId);
      if (tool !== undefined && tool !== toolName) {
        throw paramFault(METHOD, `results.${index}.tool_name`, "is not the tool of that call; send the call's own");
      }
    }
    return { task_id: id, accepted: task.give(given) };
  };
}

function readResult(value: unknown, param: string): GivenResult {
  if (!isObject(value)) throw paramFault(METHOD, param, "is no object; send {tool_call_id, tool_name, result}");
  demandKnown(METHOD, value, ["tool_call_id", "tool_name", "result", "is_error", "error_message"], `${param}.`);
  const toolCallId = textIn(value, "tool_call_id", param);
  const toolName = textIn(value, "tool_name", param);
  const { is_error: isError, error_message: message } = value;
  if (isError !== undefined && isError !== null && typeof isError !== "boolean") {
    throw paramFault(METHOD, `${param}.is_error`, "is no boolean; send true with an error_message");
  }
  if (isError === true) {
    if (isGiven(value.result)) {
      throw paramFault(METHOD, `${param}.result`, "stands beside is_error; send error_message alone");
    }
    return { toolCallId, toolName, errorMessage: textIn(value, "error_message", param) };
  }
  if (isGiven(message)) {
    throw paramFault(METHOD, `${param}.error_message`, "stands there without is_error; send is_error: true with it");
  }
  // Null is a result: what a function without one gives.
  if (value.result === undefined) throw paramFault(METHOD, `${param}.result`, "is missing; send any JSON value");
  return { toolCallId, toolName, result: value.result };
}

function textIn(fields: Fields, name: string, param: string): string {
  const value = fields[name];
  if (typeof value === "string") return value;
  throw paramFault(METHOD, `${param}.${name}`, `is ${value === undefined ? "missing" : "no string"}; send a string`);
}

function isGiven(value: unknown): boolean {
  return value !== undefined && value !== null;
}
