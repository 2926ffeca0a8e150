import { processorTime } from "./machine.ts";
import type { Side, SideName } from "./sides/side.ts";
import { median } from "./stats.ts";

/** What one side did in one round. */
export interface Work {
  /** Things done per second: requests or chunks. */
  readonly rate: number;
  /** Microseconds of the server's processor time per thing; NaN where the system does not tell. */
  readonly processor: number;
}

/** The rounds of every side, in the order they were run. */
export type Rounds = ReadonlyMap<SideName, readonly Work[]>;

/** Lets the sides work in turn, round after round. `work` returns how many things were done. */
export async function interleave(
  sides: ReadonlyMap<SideName, Side>,
  rounds: number,
  work: (side: Side) => Promise<number>,
): Promise<Rounds> {
  const all = new Map<SideName, Work[]>();
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
export function rateRatio(rounds: Rounds, over: SideName, under: SideName): number | null {
  const [above, below] = [rounds.get(over), rounds.get(under)];
  if (above === undefined || below === undefined) return null;
  return median(above.map((work, index) => work.rate / (below[index]?.rate ?? NaN)));
}

/** The median of one figure of one side. */
export function medianOf(rounds: Rounds, name: SideName, figure: keyof Work): number {
  return median((rounds.get(name) ?? []).map((work) => work[figure]));
}
