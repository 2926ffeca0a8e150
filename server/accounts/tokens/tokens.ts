import type { Secret } from "../../secrets/mod.ts";
import type { User } from "../users/users.ts";

/** What a login gives (RFC 6749 §5.1). */
export interface Grant {
  /** A JWT. */
  readonly accessToken: Secret;
  /** Seconds that the access token is good for. */
  readonly expiresIn: number;
  /** Good once, and once more within the grace. */
  readonly refreshToken: Secret;
}

/** What a good access token says. */
export interface TokenClaims {
  /** Whose it is. */
  readonly userId: string;
  /** The login that it came from. */
  readonly familyId: string;
  /** The user's generation when it was made. */
  readonly generation: number;
}

/** Access tokens and refresh tokens of our own. Every method may throw `storage_unavailable`. */
export interface Tokens {
  /** Begins a family: the tokens of one login. */
  issue(user: User): Promise<Grant>;
  /**
   * Rotates a refresh token in one atomic step. Within 10 s of its use it gives the same successor; after that its use
   * revokes the family.
   *
   * @throws {GatehouseError} `invalid_grant`, the user disabled, gone or of another generation included
   */
  refresh(shown: Secret): Promise<Grant>;
  /** Revokes the login that an access or refresh token came from; what is unknown is no failure (RFC 7009 §2.2). */
  revoke(shown: Secret): Promise<void>;
  /** Revokes all logins of a user, in bounded commits. */
  revokeAllOf(userId: string): Promise<void>;
  /** Whether a bearer is to be judged by {@linkcode Tokens.verify}: a JWT that names this install as `iss`, or a refresh token of ours. Reads no more than its text. */
  isOurs(bearer: string): boolean;
  /**
   * Judges an access token: signature, `alg`, `iss`, `aud`, time, and that its family was not revoked (from a copy that is
   * less than a second old). At once where it is known to be good.
   *
   * @throws {GatehouseError} `invalid_token`
   */
  verify(bearer: Secret): TokenClaims | Promise<TokenClaims>;
  /** Whether a login goes on: it was not revoked, nor has it expired. From the same copy; the user may have ended it by a new generation. */
  loginStands(familyId: string): boolean | Promise<boolean>;
}
