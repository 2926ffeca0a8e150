import type { ToolCall } from "../../upstream/mod.ts";
import type { ToolResult } from "../message.ts";

/** What a user's program sends back for a call. */
export type GivenResult =
  /** `result` is any JSON value. */
  | { readonly toolCallId: string; readonly toolName: string; readonly result: unknown }
  | { readonly toolCallId: string; readonly toolName: string; readonly errorMessage: string };

/** Where the calls of one task wait for their results. */
export interface ToolDesk {
  /**
   * Waits until every call of a round has its result.
   *
   * @returns the results in the order of the calls
   * @throws {GatehouseError} `tool_results_missing`: five minutes went by without any
   * @throws the signal's reason
   */
  ask(calls: readonly ToolCall[], signal: AbortSignal): Promise<readonly ToolResult[]>;
  /**
   * Takes results. The first one for a call counts: what answers no open call, or one that was answered, is passed over.
   *
   * @returns how many were taken
   */
  give(results: readonly GivenResult[]): number;
}
