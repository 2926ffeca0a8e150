import type { Clock } from "../../effects/mod.ts";
import { type Random, randomToken, sha256 } from "../random.ts";

/** What an authorization code stands for. */
export interface CodeGrant {
  readonly clientId: string;
  readonly redirectUri: string;
  readonly scope: string;
  /** S256 (RFC 7636 §4.2). */
  readonly challenge: string;
}

interface Entry {
  readonly grant: CodeGrant;
  readonly end: number;
  used: boolean;
  family: string | null;
}

const CODE_MS = 60_000;

/** Authorization codes: 60 s, once. */
export class AuthorizationCodes {
  readonly #clock: Clock;
  readonly #random: Random;
  /** By hash, oldest first. */
  readonly #entries = new Map<string, Entry>();

  constructor(clock: Clock, random: Random) {
    this.#clock = clock;
    this.#random = random;
  }

  /** A new code for `grant`. */
  issue(grant: CodeGrant): string {
    const now = this.#clock.monotonic();
    for (const [hash, entry] of this.#entries) if (entry.end <= now) this.#entries.delete(hash);
    const code = randomToken(this.#random);
    this.#entries.set(sha256(code), { grant, end: now + CODE_MS, used: false, family: null });
    return code;
  }

  /**
   * Takes a code. It is spent by the first try, whatever comes of that.
   *
   * @returns what it stands for and where to note the family it began; or, for one that was spent, the family to end
   */
  take(code: string): { grant: CodeGrant; begun(family: string): void } | { spentBy: string | null } | null {
    const entry = this.#entries.get(sha256(code));
    if (entry === undefined || entry.end <= this.#clock.monotonic()) return null;
    if (entry.used) return { spentBy: entry.family };
    entry.used = true;
    return { grant: entry.grant, begun: (family) => entry.family = family };
  }
}

/** Whether `verifier` is the one whose S256 is `challenge` (RFC 7636 §4.6). */
export function verifierFits(verifier: string, challenge: string): boolean {
  return /^[A-Za-z0-9\-._~]{43,128}$/.test(verifier) && sha256(verifier) === challenge;
}
