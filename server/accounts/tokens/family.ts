/** The tokens of one login, as they are stored: which refresh token is good, and nothing to make one with. */
export interface Family {
  readonly userId: string;
  /** The user's generation at the login. */
  readonly generation: number;
  /** The number of the one refresh token that is good. */
  readonly n: number;
  /** When that one was made; milliseconds since the epoch. */
  readonly rotatedAt: number;
  /** Milliseconds since the epoch. */
  readonly expiresAt: number;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
}

/** For so long a refresh token that was just used gives its successor again: the first answer may have been lost. */
const GRACE = 10_000;

/**
 * What the use of a refresh token means. `rotate`: it is the good one. `repeat`: it was until a moment ago, and its
 * successor is told again. `revoke`: two hold it, and who of them is the thief cannot be known (RFC 9700 §4.14.2).
 *
 * @param n the number of the token that was shown
 * @param now milliseconds since the epoch
 */
export function meaningOf(n: number, { n: good, rotatedAt }: Family, now: number): "rotate" | "repeat" | "revoke" {
  if (n === good) return "rotate";
  return n === good - 1 && now - rotatedAt < GRACE ? "repeat" : "revoke";
}

/** A family as it is stored; null: the value is none. */
export function familyOf(value: unknown): Family | null {
  if (typeof value !== "object" || value === null) return null;
  const { userId, generation, n, rotatedAt, expiresAt, createdAt }: Partial<Record<keyof Family, unknown>> = value;
  if (typeof userId !== "string" || typeof generation !== "number" || typeof n !== "number") return null;
  if (typeof rotatedAt !== "number" || typeof expiresAt !== "number" || typeof createdAt !== "number") return null;
  return { userId, generation, n, rotatedAt, expiresAt, createdAt };
}
