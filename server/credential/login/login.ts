import type * as oauth from "oauth4webapi";
import type { Clock } from "../../effects/mod.ts";
import type { HttpClient, Watchdog } from "../../network/mod.ts";
import type { OAuthSettings } from "../../settings/mod.ts";
import type { Store, Vault } from "../../storage/mod.ts";
import { type CredentialStore, openCredentialStore } from "../credential_store.ts";
import { createTokenEndpoint, type TokenEndpoint } from "../token_endpoint.ts";

/** What a login stands on. */
export interface LoginContext {
  /** The provider and the client at it. */
  readonly settings: OAuthSettings;
  /** Where the credential is put. */
  readonly store: CredentialStore;
  /**
   * The provider's token endpoint.
   * @ignore
   */
  readonly endpoint: TokenEndpoint;
  /** Sends the login's own requests. */
  readonly http: HttpClient;
  /** Bounds the answers. */
  readonly watchdog: Watchdog;
  /** Times the questions of a device login. */
  readonly clock: Clock;
}

/** A login that cannot be done, or was not finished; the message says why and what to do. */
export class LoginError extends Error {
  /** The class's own name. */
  override readonly name = "LoginError";
  /** `unsupported`: the provider offers no such login; `denied`: the person or the provider said no; `expired`: nobody decided in time; `failed`: all else. */
  readonly kind: "unsupported" | "denied" | "expired" | "failed";

  /** An error of `kind`; the message is for the person. */
  constructor(kind: "unsupported" | "denied" | "expired" | "failed", message: string) {
    super(message);
    this.kind = kind;
  }
}

/** Silence allowed for a login's own requests, in milliseconds. */
export const LOGIN_SILENCE = 30_000;

/** The provider's endpoints, or why they cannot be had. @throws {LoginError} */
export async function serverOf(context: LoginContext, signal: AbortSignal): Promise<oauth.AuthorizationServer> {
  try {
    return await context.endpoint.server(signal);
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    throw new LoginError("failed", error instanceof Error ? error.message : "Cannot reach the provider");
  }
}

/** Opens what a login to `upstream` stands on. */
export async function openLogin(
  { upstream, settings, store, vault, http, watchdog, clock }: {
    readonly upstream: string;
    readonly settings: OAuthSettings;
    readonly store: Store;
    readonly vault: Vault;
    readonly http: HttpClient;
    readonly watchdog: Watchdog;
    readonly clock: Clock;
  },
): Promise<LoginContext> {
  return {
    settings,
    http,
    watchdog,
    clock,
    store: await openCredentialStore({ store, vault, upstream, settings }),
    endpoint: createTokenEndpoint({ settings, http, clock, watchdog }),
  };
}
