import { type Operation, type Reserve, type Settle, subjectsOf } from "./operations.ts";

/** Deno KV checks 100 keys in a commit; some are left for the mark and for calls with several subjects. */
const MOST_SUBJECTS = 80;

/** Operations that wait for a commit, in the order they came. */
export class Waiting {
  #operations: Operation[] = [];

  get size(): number {
    return this.#operations.length;
  }

  add(operation: Operation): void {
    this.#operations.push(operation);
  }

  /** Whether somebody waits for an answer. */
  get urgent(): boolean {
    return this.#operations.some((one) => one.type === "reserve" && !one.answered);
  }

  /** Takes from the front as many as fit into one commit. @returns them, and as many of `renewals` as fit then */
  take(renewals: ReadonlySet<string>): {
    readonly operations: readonly Operation[];
    readonly renewals: ReadonlySet<string>;
  } {
    const names = new Set<string>();
    let taken = 0;
    for (const operation of this.#operations) {
      const added = subjectsOf(operation).filter((name) => !names.has(name));
      if (taken > 0 && names.size + added.length > MOST_SUBJECTS) break;
      for (const name of added) names.add(name);
      taken++;
    }
    const renewed = new Set<string>();
    for (const name of renewals) {
      if (!names.has(name) && names.size >= MOST_SUBJECTS) continue;
      names.add(name);
      renewed.add(name);
    }
    return { operations: this.#operations.splice(0, taken), renewals: renewed };
  }

  /** Puts settlements that were taken back to the front. */
  putBack(settlements: readonly Settle[]): void {
    this.#operations.unshift(...settlements);
  }

  /** Takes out all that wait for an answer. */
  takeReserves(): readonly Reserve[] {
    const reserves = this.#operations.filter((one) => one.type === "reserve");
    this.#operations = this.#operations.filter((one) => one.type !== "reserve");
    return reserves;
  }
}
