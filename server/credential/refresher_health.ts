import type { CredentialHealth, CredentialState } from "./credential.ts";

/** A failure that passes: why, how often in a row, and when the next try is due on the monotonic clock. */
export interface Failure {
  readonly reason: string;
  readonly count: number;
  readonly nextAt: number;
  /** It waits for the old token's end, which a wall clock that jumps (a laptop that slept) can bring forward. */
  readonly atEnd: boolean;
}

/** Why and since when a login is needed. */
export interface Need {
  readonly reason: string;
  readonly since: number;
  /** The refresh token that is over; another one in the store lifts the need. */
  readonly refreshToken: string | null;
}

/** What a person does about a credential that needs a login. */
export const LOGIN_FIX = "run `deno task gatehouse login`, or set a new OAUTH_REFRESH_TOKEN and restart";

/** The health of a refresher, from its memory alone. Pure. */
export function healthOf({ now, usable, expiresAt, unsaved, failure, need, lastRefreshAt, before }: {
  readonly now: number;
  readonly usable: boolean;
  readonly expiresAt: number | null;
  readonly unsaved: boolean;
  readonly failure: Failure | null;
  readonly need: Need | null;
  readonly lastRefreshAt: number | null;
  readonly before: CredentialHealth | null;
}): CredentialHealth {
  const state = stateOf(usable, unsaved, failure, need);
  const since = need !== null ? need.since : before?.state === state ? before.since : now;
  return {
    state,
    since,
    expiresAt,
    lastRefreshAt,
    lastError: need?.reason ?? failure?.reason ?? null,
    fix: fixOf(state),
    serving: usable,
  };
}

function stateOf(
  usable: boolean,
  unsaved: boolean,
  failure: Failure | null,
  need: Need | null,
): CredentialState {
  if (need !== null) return "reauth_required";
  if (unsaved) return "unsaved";
  if (failure !== null) return "stale";
  return usable ? "valid" : "refreshing";
}

function fixOf(state: CredentialState): string | null {
  switch (state) {
    case "none":
    case "valid":
    case "refreshing":
      return null;
    case "stale":
      return "Nothing is lost: it is tried again. If it lasts, run `deno task gatehouse doctor`";
    case "unsaved":
      return "Mend the store now (disk full? rights of DATA_DIR?) and do not stop this process: it holds the only copy of the credential";
    case "reauth_required":
      return `A person must log in: ${LOGIN_FIX}`;
  }
}
