import type { Clock } from "../effects/mod.ts";
import type { Path } from "./path.ts";

/** How long the second choice is used before the first is probed again, in milliseconds. */
const RECONSIDER = 5 * 60_000;

/** The paths to one origin and which of them worked last. */
export class Origin {
  readonly #paths: readonly [Path, ...Path[]];
  readonly #clock: Clock;
  #current: Path;
  #chosenAt = 0;

  constructor(paths: readonly [Path, ...Path[]], clock: Clock) {
    this.#paths = paths;
    this.#clock = clock;
    this.#current = paths[0];
  }

  /** The paths in the order to try them. Now and then the first choice is probed beside it, and waited for by nobody. */
  order(): readonly Path[] {
    if (this.#paths.length === 1) return this.#paths;
    const first = this.#paths[0];
    if (this.#current !== first && this.#clock.monotonic() - this.#chosenAt >= RECONSIDER) {
      this.#chosenAt = this.#clock.monotonic();
      first.probe().then((failure) => {
        if (failure === null) this.worked(first);
      });
    }
    return [this.#current, ...this.#paths.filter((path) => path !== this.#current)];
  }

  /** Remembers the path that answered. */
  worked(path: Path): void {
    if (this.#current === path) return;
    this.#current = path;
    this.#chosenAt = this.#clock.monotonic();
  }
}
