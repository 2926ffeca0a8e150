/** What a request to the upstream carries, and which token it came from. */
export interface Authorization {
  /** Header names in lower case with their values. Secret: never logged. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** Grows by one with every new token; names the one that was used. */
  readonly generation: number;
}

/** The states that `/health` names. */
export type CredentialState = "none" | "valid" | "refreshing" | "stale" | "unsaved" | "reauth_required";

/** The truth about a credential, for people and monitors. Times are milliseconds since the epoch. */
export interface CredentialHealth {
  /** Where it stands. */
  readonly state: CredentialState;
  /** When the state began. */
  readonly since: number;
  /** When the access token expires; null: no token, or the provider did not say. */
  readonly expiresAt: number | null;
  /** When the last new token came; null: none since the start. */
  readonly lastRefreshAt: number | null;
  /** Why the last refresh failed; null: it did not. */
  readonly lastError: string | null;
  /** What a person can do about it; null when there is nothing to do. */
  readonly fix: string | null;
  /** False when requests fail now. */
  readonly serving: boolean;
}

/** The credential of one upstream, whatever its kind. */
export interface Credential {
  /**
   * The headers for the next request: from memory and at once while a token is valid, else as soon as one is.
   *
   * @throws {GatehouseError} `reauth_required` or `credential_unavailable`
   * @throws the signal's reason; a caller that leaves never disturbs the refresh it waited for
   */
  authorize(signal: AbortSignal): Authorization | Promise<Authorization>;
  /**
   * Tells that the upstream answered 401 to `generation`, and asks for another authorization to retry with, once.
   *
   * @throws {GatehouseError} `upstream_unauthorized` when there is no other to be had, else as {@linkcode authorize}
   */
  rejected(generation: number, signal: AbortSignal): Promise<Authorization>;
  /** How it stands now. */
  health(): CredentialHealth;
  /** The values in use that must not appear in an answer. */
  secrets(): readonly string[];
  /** Stops timers and waits for a refresh under way, so that what the provider issued is stored. */
  close(): Promise<void>;
}
