/** Who spoke to us: the folder under `surfaces/`. */
export const SURFACES = [
  "openai",
  "gateway",
  "conversation",
  "sessions",
  "realtime",
  "web",
  "accounts",
  "ops",
] as const;
/** One of {@linkcode SURFACES}. */
export type Surface = typeof SURFACES[number];

/** Where an upstream request stood when its client left: waiting its turn, before the first byte, in a stream, in a whole body. */
export const ABORT_PHASES = ["queued", "first_byte", "stream", "body"] as const;
/** One of {@linkcode ABORT_PHASES}. */
export type AbortPhase = typeof ABORT_PHASES[number];

/**
 * How a refresh ended: a new token; one that another process had fetched; a passing failure; a final one; a new token
 * that could not be stored.
 */
export const REFRESH_OUTCOMES = ["renewed", "adopted", "failed", "rejected", "unsaved"] as const;
/** One of {@linkcode REFRESH_OUTCOMES}. */
export type RefreshOutcome = typeof REFRESH_OUTCOMES[number];

/** The states of an upstream's credential, as `/health` names them. */
export const CREDENTIAL_STATES = ["none", "valid", "refreshing", "stale", "unsaved", "reauth_required"] as const;
/** One of {@linkcode CREDENTIAL_STATES}. */
export type CredentialState = typeof CREDENTIAL_STATES[number];

/** How a request to an upstream ended. `unauthorized`: 401 or 407; the other statuses count by class. */
export const UPSTREAM_OUTCOMES = [
  "ok",
  "client_error",
  "server_error",
  "unauthorized",
  "unreachable",
  "timeout",
  "failed",
  "truncated",
  "aborted",
] as const;
/** One of {@linkcode UPSTREAM_OUTCOMES}. */
export type UpstreamOutcome = typeof UPSTREAM_OUTCOMES[number];

/** What is counted apart: tokens that the model read, and tokens that it wrote. */
export const TOKEN_KINDS = ["prompt", "completion"] as const;
/** One of {@linkcode TOKEN_KINDS}. */
export type TokenKind = typeof TOKEN_KINDS[number];

/** A function that lets known values pass and calls every other one `other`: no client can grow the set of labels. */
export function knownLabel(known: Iterable<string>): (value: string | null) => string {
  const set = new Set(known);
  return (value) => value !== null && set.has(value) ? value : "other";
}
