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
  readonly upstream: UpstreamSettings;
  readonly store: Store;
  readonly vault: Vault;
  readonly locks: Locks;
  readonly http: HttpClient;
  readonly watchdog: Watchdog;
  readonly clock: Clock;
  /** 0 to 1. */
  readonly random: () => number;
  readonly newId: () => string;
  readonly log: Logger;
  readonly onRefresh?: (result: RefreshResult) => void;
  readonly onState?: (state: CredentialState) => void;
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
