import type { Plan } from "./plan.ts";
import { Share } from "./shares.ts";

/** Brings what this process holds up to a plan whose commit happened. */
export function takeOver(plan: Plan, shares: Map<string, Share>, shard: string): void {
  for (const [hold, used] of plan.samples) shares.get(hold.subject)?.wrote(hold, used);
  for (const { holds } of plan.settled) {
    for (const hold of holds) shares.get(hold.subject)?.remove(hold);
  }
  for (const { holds } of plan.granted) {
    for (const hold of holds) {
      if (!hold.budgeted) continue;
      const share = shares.get(hold.subject) ?? new Share();
      shares.set(hold.subject, share);
      share.add(hold);
    }
  }
  for (const [name, { held }] of plan.puts) {
    const share = shares.get(name);
    if (share === undefined) continue;
    share.stored = held[shard] !== undefined;
    if (share.holds.size === 0 && !share.stored) shares.delete(name);
  }
}
