import type { CredentialHealth } from "../../credential/mod.ts";

/** The body of `GET /health`. Times are ISO 8601 UTC. */
export interface Health {
  readonly status: "ok" | "degraded" | "down";
  readonly version: string;
  readonly uptime_s: number;
  readonly demo: boolean;
  readonly credential: {
    readonly state: CredentialHealth["state"];
    readonly upstream: string;
    readonly since: string;
    readonly expires_at: string | null;
    readonly last_refresh_at: string | null;
    readonly last_error: string | null;
    readonly fix: string | null;
  };
}

/** The health answer. Pure. */
export function healthOf({ version, demo, uptime, upstream, credential }: {
  readonly version: string;
  readonly demo: boolean;
  /** Seconds. */
  readonly uptime: number;
  readonly upstream: string;
  readonly credential: CredentialHealth;
}): Health {
  return {
    status: statusOf(credential),
    version,
    uptime_s: Math.floor(uptime),
    demo,
    credential: {
      state: credential.state,
      upstream,
      since: new Date(credential.since).toISOString(),
      expires_at: iso(credential.expiresAt),
      last_refresh_at: iso(credential.lastRefreshAt),
      last_error: credential.lastError,
      fix: credential.fix,
    },
  };
}

function statusOf({ state, serving }: CredentialHealth): Health["status"] {
  switch (state) {
    case "none":
    case "valid":
    case "refreshing":
      return "ok";
    case "unsaved":
      return "degraded";
    case "stale":
      return serving ? "degraded" : "down";
    case "reauth_required":
      return "down";
  }
}

function iso(ms: number | null): string | null {
  return ms === null ? null : new Date(ms).toISOString();
}
