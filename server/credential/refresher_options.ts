import type { Clock } from "../effects/mod.ts";
import type { OAuthSettings } from "../settings/mod.ts";
import type { Locks } from "../storage/mod.ts";
import type { Logger } from "../telemetry/mod.ts";
import type { CredentialState } from "./credential.ts";
import type { CredentialStore } from "./credential_store.ts";
import type { RefreshStep } from "./refresh.ts";
import type { TokenEndpoint } from "./token_endpoint.ts";

/** How a renewal ended, as the metrics count it. */
export type RefreshResult = "renewed" | "adopted" | "unsaved" | "failed" | "rejected";

/** Everything a refresher stands on. */
export interface RefresherOptions {
  readonly upstream: string;
  readonly settings: OAuthSettings;
  readonly store: CredentialStore;
  readonly locks: Locks;
  readonly endpoint: TokenEndpoint;
  readonly clock: Clock;
  /** 0 to 1. */
  readonly random: () => number;
  readonly newId: () => string;
  readonly log: Logger;
  readonly onRefresh?: (result: RefreshResult) => void;
  readonly onState?: (state: CredentialState) => void;
  /** Called at every line where a crash matters: tests die there. */
  readonly failpoint?: (step: RefreshStep) => void | Promise<void>;
}
