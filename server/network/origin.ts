import type { Clock } from "../effects/mod.ts";
import type { Route } from "./routes.ts";

/** How long the second choice is used before the first is tried again, in milliseconds. */
const RECONSIDER = 5 * 60_000;

/** The routes to one origin and which of them worked last. */
export class Origin {
  readonly #routes: readonly [Route, ...Route[]];
  readonly #clock: Clock;
  #current: Route;
  #chosenAt = 0;

  constructor(routes: readonly [Route, ...Route[]], clock: Clock) {
    this.#routes = routes;
    this.#clock = clock;
    this.#current = routes[0];
  }

  /** The routes in the order to try them. Now and then one request, and only one, tries the first choice again. */
  order(): readonly Route[] {
    const first = this.#routes[0];
    if (this.#current === first) return this.#routes;
    const now = this.#clock.monotonic();
    if (now - this.#chosenAt >= RECONSIDER) {
      this.#chosenAt = now;
      return this.#routes;
    }
    return [this.#current, ...this.#routes.filter((route) => route !== this.#current)];
  }

  /**
   * Remembers the route that answered: the first choice whenever it does, another only after a failure, so that a slow answer on
   * the second choice does not take back what was learned meanwhile.
   */
  worked(route: Route, afterFailure: boolean): void {
    if (this.#current === route || !(afterFailure || route === this.#routes[0])) return;
    this.#current = route;
    this.#chosenAt = this.#clock.monotonic();
  }
}
