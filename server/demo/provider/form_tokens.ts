import type { Clock } from "../../effects/mod.ts";
import { type Random, randomToken } from "../random.ts";

const LIFETIME_MS = 600_000;
const MOST = 1_000;

/**
 * What a form decides, kept here under a random token that only the page with the form holds. A page of another origin
 * cannot read it, so it cannot send the form; and nobody can change what is being decided.
 */
export class FormTokens<T> {
  readonly #clock: Clock;
  readonly #random: Random;
  /** Oldest first. */
  readonly #entries = new Map<string, { readonly value: T; readonly end: number }>();

  constructor(clock: Clock, random: Random) {
    this.#clock = clock;
    this.#random = random;
  }

  /** The token for a form that decides about `value`. */
  issue(value: T): string {
    const now = this.#clock.monotonic();
    for (const [token, entry] of this.#entries) {
      if (entry.end > now && this.#entries.size < MOST) break;
      this.#entries.delete(token);
    }
    const token = randomToken(this.#random);
    this.#entries.set(token, { value, end: now + LIFETIME_MS });
    return token;
  }

  /** What the form decides about; null when the token is unknown, spent or older than ten minutes. */
  take(token: string): T | null {
    const entry = this.#entries.get(token);
    this.#entries.delete(token);
    return entry !== undefined && entry.end > this.#clock.monotonic() ? entry.value : null;
  }
}
