import type { Clock } from "../../effects/mod.ts";
import { type Random, randomToken, sha256 } from "../random.ts";

/** An access token and the refresh token that comes after it. */
export interface TokenPair {
  readonly accessToken: string;
  /** Lifetime of the access token, in seconds. */
  readonly expiresIn: number;
  readonly refreshToken: string;
  readonly scope: string;
}

/** All tokens that descend from one sign-in. */
interface Family {
  readonly clientId: string;
  readonly scope: string;
  /** Hash of the one refresh token that is still good. */
  current: string;
  usedAt: number;
}

const ACCESS_TOKEN_MS = 60_000;
const IDLE_FAMILY_MS = 30 * 24 * 3_600_000;

/**
 * The provider's tokens, in memory, as hashes. A refresh token is `<family>.<secret>`: a known family with another
 * secret is a token that was used before, so reuse is seen for ever and nothing is kept of spent tokens.
 */
export class TokenStore {
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #families = new Map<string, Family>();
  /** By hash, oldest first: the lifetime is the same for all. */
  readonly #access = new Map<string, { readonly family: string; readonly end: number }>();

  constructor(clock: Clock, random: Random) {
    this.#clock = clock;
    this.#random = random;
  }

  /** Begins a family: a sign-in was completed. */
  begin(clientId: string, scope: string): TokenPair {
    const now = this.#clock.monotonic();
    for (const [id, family] of this.#families) if (now - family.usedAt > IDLE_FAMILY_MS) this.#families.delete(id);
    const family: Family = { clientId, scope, current: "", usedAt: now };
    const id = randomToken(this.#random);
    this.#families.set(id, family);
    return this.#issue(id, family);
  }

  /**
   * Spends a refresh token for a new pair (RFC 6749 §6). One that was spent before ends its whole family
   * (RFC 9700 §4.14.2).
   */
  rotate(refreshToken: string, clientId: string): TokenPair | "unknown" | "reused" {
    const id = familyOf(refreshToken);
    const family = this.#families.get(id);
    if (family === undefined || family.clientId !== clientId) return "unknown";
    if (family.current !== sha256(refreshToken)) {
      this.revokeFamily(id);
      return "reused";
    }
    return this.#issue(id, family);
  }

  /** Whether an access token is good now. */
  accepts(accessToken: string): boolean {
    const entry = this.#access.get(sha256(accessToken));
    return entry !== undefined && entry.end > this.#clock.monotonic();
  }

  /** RFC 7009: a refresh token takes its family with it, an access token goes alone, an unknown one is no fault. */
  revoke(token: string): void {
    this.#access.delete(sha256(token));
    if (this.#families.has(familyOf(token))) this.revokeFamily(familyOf(token));
  }

  /** Ends a family and every access token that came of it. */
  revokeFamily(id: string): void {
    this.#families.delete(id);
    for (const [hash, entry] of this.#access) if (entry.family === id) this.#access.delete(hash);
  }

  #issue(id: string, family: Family): TokenPair {
    const now = this.#clock.monotonic();
    for (const [hash, entry] of this.#access) {
      if (entry.end > now) break;
      this.#access.delete(hash);
    }
    const accessToken = randomToken(this.#random);
    const refreshToken = `${id}.${randomToken(this.#random)}`;
    this.#access.set(sha256(accessToken), { family: id, end: now + ACCESS_TOKEN_MS });
    family.current = sha256(refreshToken);
    family.usedAt = now;
    return { accessToken, expiresIn: ACCESS_TOKEN_MS / 1000, refreshToken, scope: family.scope };
  }
}

/** The family's id in a refresh token: random itself, so only a holder of one of its tokens can name it. */
export function familyOf(refreshToken: string): string {
  return refreshToken.split(".", 1)[0] ?? "";
}
