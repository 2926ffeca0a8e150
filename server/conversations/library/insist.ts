import { type Clock, delay } from "../../effects/mod.ts";
import { GatehouseError } from "../../errors/mod.ts";

/** What an attempt says when another was quicker and it has to read anew. */
export const AGAIN = Symbol("again");

/** How often the store may fail, and its answers be old. */
const FAILURES = 5;
const CONFLICTS = 50;
/** Milliseconds before the second try; each pause is twice the one before. */
const PAUSE = 100;

/**
 * Tries until it is known what happened. After a failure of the store a change may have been made: an attempt looks for
 * that first.
 *
 * @throws {GatehouseError} `storage_unavailable`: whether the change happened is then unknown
 * @throws what an attempt throws
 */
export async function insist<T>(
  { clock, random }: { readonly clock: Clock; readonly random: () => number },
  attempt: () => Promise<T | typeof AGAIN>,
): Promise<T> {
  let failures = 0;
  for (let conflicts = 0; conflicts < CONFLICTS;) {
    try {
      const result = await attempt();
      if (result !== AGAIN) return result;
      conflicts++;
    } catch (error) {
      if (!isUnavailable(error) || ++failures === FAILURES) throw error;
      await delay(clock, PAUSE * 2 ** (failures - 1) * (0.5 + random()));
    }
  }
  throw new GatehouseError(
    "storage_unavailable",
    "Cannot write to the store: others change the same conversation all the time; try again",
  );
}

/** Whether an error says that the store could not be reached. */
export function isUnavailable(error: unknown): error is GatehouseError {
  return error instanceof GatehouseError && error.code === "storage_unavailable";
}
