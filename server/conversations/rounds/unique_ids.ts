import type { ToolCall } from "../../upstream/mod.ts";

/**
 * The calls of a round with ids that no call of the task had before: the upstream's own wherever it is new. So a result
 * that comes too late answers no call of a later round.
 *
 * @param taken the ids so far; those of `calls` are added
 */
export function uniqueIds(calls: readonly ToolCall[], taken: Set<string>): readonly ToolCall[] {
  return calls.map((call) => {
    let { id } = call;
    for (let n = taken.size; taken.has(id); n++) id = `${call.id}_${n}`;
    taken.add(id);
    return { ...call, id };
  });
}
