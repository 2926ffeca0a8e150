import type { Clock } from "../../effects/mod.ts";
import type { ToolCall } from "../../upstream/mod.ts";
import type { ToolResult } from "../message.ts";
import type { GivenResult, ToolDesk } from "./tool_desk.ts";
import { WaitingRound } from "./waiting_round.ts";

/** How long the results of a round may be awaited without any coming, in milliseconds. */
const PATIENCE = 5 * 60_000;

/**
 * A desk for one task. Its calls are known from `ask()` on, in the same tick: whoever then tells the user's program of
 * them may be answered at once. A result belongs to the call that its id names; the tool's name is not looked at.
 *
 * @param patience in milliseconds, from the last result that was taken @default 5 minutes
 */
export function createToolDesk(
  { clock, patience = PATIENCE }: { readonly clock: Clock; readonly patience?: number },
): ToolDesk {
  const waiting = new Set<WaitingRound>();
  return {
    ask(calls: readonly ToolCall[], signal: AbortSignal): Promise<readonly ToolResult[]> {
      const round = new WaitingRound(calls, { clock, patience, signal, onEnd: () => waiting.delete(round) });
      waiting.add(round);
      round.begin();
      return round.results;
    },
    give(results: readonly GivenResult[]): number {
      let taken = 0;
      for (const round of waiting) taken += round.give(results);
      return taken;
    },
  };
}
