import { assertEquals } from "@std/assert";
import type { Api } from "./api.ts";
import { pause } from "./wait.ts";

/** What was taken away is refused everywhere so soon after the answer. */
export const REFUSED_WITHIN_MS = 1_000;
/** How long a process must have refused without a break. */
const STAYS_REFUSED_MS = 300;

/** Asks one process again and again with one credential, so that it is remembered there wherever it can be. */
export class Probe {
  /** When the last question that was answered well was asked, on the monotonic clock. */
  lastServed = -Infinity;
  #lastRefused = -Infinity;
  #stopped = false;
  readonly #loop: Promise<void>;

  /** @param everyMs milliseconds between two questions */
  constructor(private readonly api: Api, private readonly everyMs: number) {
    this.#loop = this.#ask();
    this.#loop.catch(() => {}); // whoever waits hears of it
  }

  /** Waits until a question that was asked after `since` was answered well. */
  async served(since: number): Promise<void> {
    await this.#until(() => this.lastServed > since, "to be served");
  }

  /** Waits until it was refused, for some time and a second after `since` at least. */
  async refused(since: number): Promise<void> {
    const settled = () => this.#lastRefused > Math.max(this.lastServed + STAYS_REFUSED_MS, since + REFUSED_WITHIN_MS);
    await this.#until(settled, "to be refused");
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#loop;
  }

  async #until(isSo: () => boolean, what: string): Promise<void> {
    const deadline = performance.now() + 10_000;
    while (!isSo()) {
      if (performance.now() > deadline) throw new Error(`Waited in vain ${what}`);
      await Promise.race([pause(20), this.#loop]);
    }
  }

  async #ask(): Promise<void> {
    while (!this.#stopped) {
      const askedAt = performance.now();
      const response = await this.api.ask("GET", "/v1/models");
      const text = await response.text();
      if (response.status === 200) this.lastServed = askedAt;
      else {
        assertEquals(response.status, 401, text);
        this.#lastRefused = askedAt;
      }
      await pause(this.everyMs);
    }
  }
}
