import type { Clock } from "../effects/mod.ts";
import type { HttpClient, Watchdog } from "../network/mod.ts";
import type { UpstreamSettings } from "../settings/mod.ts";
import type { Locks, Store, Vault } from "../storage/mod.ts";
import type { Logger } from "../telemetry/mod.ts";
import { openCredentialStore } from "./credential_store.ts";
import type { Credential, CredentialState } from "./credential.ts";
import { apiKeyCredential, noCredential } from "./fixed_credential.ts";
import { Refresher } from "./refresher.ts";
import type { RefreshResult } from "./refresher_options.ts";
import type { RefreshStep } from "./refresh.ts";
import { createTokenEndpoint } from "./token_endpoint.ts";

/** What a credential stands on; the parts it does not need are never touched. */
export interface CredentialOptions {
  /** Names the credential and says what kind it is. */
  readonly upstream: UpstreamSettings;
  /** Where it is kept. */
  readonly store: Store;
  /** Seals it. */
  readonly vault: Vault;
  /** Lets one process redeem at a time. */
  readonly locks: Locks;
  /** Sends the token requests. */
  readonly http: HttpClient;
  /** Bounds the silence within an answer. */
  readonly watchdog: Watchdog;
  /** Tells expiry and times the refreshes. */
  readonly clock: Clock;
  /** 0 to 1. */
  readonly random: () => number;
  /** Names a redeem under way. */
  readonly newId: () => string;
  /** Told of states and failures, never of a secret. */
  readonly log: Logger;
  /** Told how each refresh ended. */
  readonly onRefresh?: (result: RefreshResult) => void;
  /** Told each new state. */
  readonly onState?: (state: CredentialState) => void;
  /** Called at every line of a refresh where a crash matters. */
  readonly failpoint?: (step: RefreshStep) => void | Promise<void>;
}

/**
 * Opens the credential that an upstream's settings ask for. Never waits for the provider.
 *
 * @throws {UnsealError} when what is stored cannot be opened: the start must stop
 */
export async function openCredential(options: CredentialOptions): Promise<Credential> {
  const { upstream: { name, credential: settings }, clock } = options;
  switch (settings.kind) {
    case "none":
      return noCredential(clock);
    case "api_key":
      return apiKeyCredential(settings, clock);
    case "oauth2": {
      const refresher = new Refresher({
        ...options,
        upstream: name,
        settings,
        store: await openCredentialStore({ ...options, upstream: name, settings }),
        endpoint: createTokenEndpoint({ ...options, settings }),
      });
      await refresher.open();
      return refresher;
    }
  }
}
