/**
 * The stored credential: what must survive a crash. Sealed as one value, so that the pair changes in one commit.
 * Times are milliseconds since the epoch.
 */
export interface CredentialRecord {
  /** The form of the record. */
  readonly v: 1;
  /** Null for grants without one (client credentials), and for a lone access token. */
  readonly refreshToken: string | null;
  /** Null: none was issued yet. */
  readonly accessToken: string | null;
  /** Null: the provider did not say. Missing is not expired. */
  readonly expiresAt: number | null;
  /** When the request that brought the access token was sent. */
  readonly obtainedAt: number;
  /** Set while a redeem is under way; left behind by a crash or a lost answer, and then a doubt about the refresh token. */
  readonly intent: Intent | null;
  /** Set once the provider has refused the refresh token for good: it is not asked again. */
  readonly reauth: Reauth | null;
}

/** Written before the refresh token is sent. */
export interface Intent {
  /** Names this redeem among all. */
  readonly id: string;
  /** When it was written. */
  readonly at: number;
  /** How many answers to this refresh token were lost. */
  readonly losses: number;
}

/** Why and since when a login is needed. */
export interface Reauth {
  /** When the provider refused. */
  readonly since: number;
  /** Why, for people. */
  readonly reason: string;
}

/** A token answer as it is kept: what it brought, over what was there. */
export interface IssuedTokens {
  readonly accessToken: string;
  /** Null: the answer had none, and the old one stays in force. */
  readonly refreshToken: string | null;
  /** Milliseconds from `sentAt`; null when the answer did not say. */
  readonly lifetime: number | null;
  readonly sentAt: number;
}

/** The record after a token answer. An answer without a refresh token keeps the old one (RFC 6749 §6). */
export function recordOf(tokens: IssuedTokens, before: CredentialRecord | null): CredentialRecord {
  return {
    v: 1,
    refreshToken: tokens.refreshToken ?? before?.refreshToken ?? null,
    accessToken: tokens.accessToken,
    expiresAt: tokens.lifetime === null ? null : tokens.sentAt + tokens.lifetime,
    obtainedAt: tokens.sentAt,
    intent: null,
    reauth: null,
  };
}
