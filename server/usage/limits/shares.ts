import type { Used } from "../limiter.ts";
import type { Held } from "./record.ts";

/** What one open call holds of one subject. */
export interface Hold {
  /** The subject's name in this process. */
  readonly subject: string;
  /** The bucket that counts the call; null: none does. */
  readonly second: number | null;
  readonly tokens: number;
  /** When room was made for it, in milliseconds since the epoch: it is spent in the period in which it began, as it is booked. */
  readonly begunAt: number;
  /** Whether a budget binds it. */
  readonly budgeted: boolean;
  /** What the call has used so far. */
  readonly running: () => Used;
  /** Reserved, in micros; less what is spent already. */
  micros: number;
  /** What the stored `used` has of it. */
  written: number;
  /** What another process spent for it when it took us for dead: not to be spent again. */
  prepaid: number;
}

/** What this process holds of one budget: what its entry in the record says, or should. */
export class Share {
  readonly holds = new Set<Hold>();
  /** Whether the record has an entry of ours, as of the last commit that is known to have happened. */
  stored = false;
  #micros = 0;
  #used = 0;

  /** The sums over all holds. */
  held(until: number): Held {
    return { micros: this.#micros, used: this.#used, until };
  }

  add(hold: Hold): void {
    this.holds.add(hold);
    this.#micros += hold.micros;
    this.#used += hold.written;
  }

  remove(hold: Hold): void {
    if (!this.holds.delete(hold)) return;
    this.#micros -= hold.micros;
    this.#used -= hold.written;
  }

  /** Notes what was written as used of a hold. */
  wrote(hold: Hold, used: number): void {
    if (!this.holds.has(hold)) return;
    this.#used += used - hold.written;
    hold.written = used;
  }

  /** Our entry is gone though we did not remove it: others spent what it said was used, and freed the rest. */
  wasFolded(): void {
    this.stored = false;
    this.#micros = 0;
    this.#used = 0;
    for (const hold of this.holds) {
      hold.prepaid += hold.written;
      hold.micros = Math.max(0, hold.micros - hold.written);
      hold.written = 0;
      this.#micros += hold.micros;
    }
  }
}

/** What a call has used of a hold beyond what is spent for it already, in micros. */
export function usedNow(hold: Hold): number {
  try {
    return Math.max(0, wholeUp(hold.running().micros) - hold.prepaid);
  } catch {
    return hold.written; // a fault of the asker's must not stop the renewal of all others
  }
}

/** A whole number of at least zero, rounded up. */
export function wholeUp(amount: number): number {
  return Number.isFinite(amount) ? Math.max(0, Math.ceil(amount)) : 0;
}
