import { processorTime } from "./machine.ts";
import type { Side } from "./sides/side.ts";
import { median } from "./stats.ts";

/** What one side did in one round. */
export interface Work {
  /** Things done per second: requests or chunks. */
  readonly rate: number;
  /** Microseconds of the server's processor time per thing; NaN where the system does not tell. */
  readonly processor: number;
}

/** The rounds of every side, in the order they were run. */
export type Rounds<Name> = ReadonlyMap<Name, readonly Work[]>;

/** Lets the sides work in turn, round after round. `work` returns how many things were done. */
export async function interleave<Name>(
  sides: ReadonlyMap<Name, Side>,
  rounds: number,
  work: (side: Side) => Promise<number>,
): Promise<Rounds<Name>> {
  const all = new Map<Name, Work[]>();
  for (let round = 0; round < rounds; round++) {
    for (const [name, side] of sides) {
      const before = await processorTime(side.child.pid) ?? NaN;
      const begin = performance.now();
      const done = await work(side);
      const seconds = (performance.now() - begin) / 1000;
      const used = (await processorTime(side.child.pid) ?? NaN) - before;
      all.set(name, [...(all.get(name) ?? []), { rate: done / seconds, processor: used * 1000 / done }]);
    }
  }
  return all;
}

/** The median over the rounds of one side's rate ÷ another's in the same round; null if one is not there. */
export function rateRatio<Name>(rounds: Rounds<Name>, over: Name, under: Name): number | null {
  const [above, below] = [rounds.get(over), rounds.get(under)];
  if (above === undefined || below === undefined) return null;
  return median(above.map((work, index) => work.rate / (below[index]?.rate ?? NaN)));
}

/** The median of one figure of one side. */
export function medianOf<Name>(rounds: Rounds<Name>, name: Name, figure: keyof Work): number {
  return median((rounds.get(name) ?? []).map((work) => work[figure]));
}
