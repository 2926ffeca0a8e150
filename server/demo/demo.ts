import type { Clock } from "../effects/mod.ts";
import { Secret } from "../secrets/mod.ts";
import type { OAuthSettings, UpstreamSettings } from "../settings/mod.ts";
import type { Logger } from "../telemetry/mod.ts";
import { listen } from "./listen.ts";
import { createModel, DEMO_MODEL } from "./model/mod.ts";
import { createProvider, DEMO_CLIENT, DEMO_SCOPE, issuerOf, TokenStore } from "./provider/mod.ts";
import { type Random, systemRandom } from "./random.ts";

/** A running demo. */
export interface Demo {
  /** The settings that put the demo behind the gate. The refresh token is new with every start. */
  readonly upstream: UpstreamSettings;
  /** Cuts what is being answered, closes both servers, and resolves once they are gone. */
  stop(): Promise<void>;
}

/** What the demo is built from. */
export interface DemoOptions {
  /** Lifetimes of tokens and the pace of the model. */
  readonly clock: Clock;
  /**
   * Where tokens and codes come from.
   * @default the machine's own randomness
   */
  readonly random?: Random;
  /** Told of sign-ins and refusals; never of a token. */
  readonly log: Logger;
  /**
   * Where to listen.
   * @default ports of the system's choice
   */
  readonly ports?: DemoPorts;
}

/** Ports to listen on; 0 or none lets the system choose. */
export interface DemoPorts {
  /** The identity provider's. */
  readonly provider?: number;
  /** The model's. */
  readonly model?: number;
}

const SILENCE_LIMIT_MS = 120_000;

/**
 * Starts the demo identity provider and the demo model on 127.0.0.1.
 *
 * @returns the upstream named `demo` and the way to stop it
 * @throws Deno.errors.AddrInUse when a port that was asked for is taken
 */
export async function startDemo(options: DemoOptions): Promise<Demo> {
  const { clock, log, ports = {}, random = systemRandom } = options;
  const tokens = new TokenStore(clock, random);
  const stopping = new AbortController();
  const provider = listen(ports.provider ?? 0, (origin) => createProvider({ origin, tokens, clock, random, log }));
  try {
    const check = (token: string) => tokens.accepts(token);
    const model = listen(ports.model ?? 0, () => createModel({ accepts: check, clock, random, stop: stopping.signal }));
    const seed = tokens.begin(DEMO_CLIENT, DEMO_SCOPE).refreshToken;
    log.debug("Demo is listening", { provider: provider.origin, model: model.origin });
    return {
      upstream: demoUpstream(provider.origin, model.origin, new Secret(seed)),
      async stop() {
        stopping.abort(new Error("The demo is stopping"));
        await Promise.all([provider.close(), model.close()]);
      },
    };
  } catch (error) {
    await provider.close();
    throw error;
  }
}

function demoUpstream(provider: string, model: string, refreshToken: Secret): UpstreamSettings {
  return {
    name: "demo",
    chatUrl: new URL("/v1/chat/completions", model),
    modelsUrl: new URL("/v1/models", model),
    defaultModel: DEMO_MODEL.id,
    systemPrompt: null,
    temperature: null,
    requestTimeout: SILENCE_LIMIT_MS,
    totalTimeout: 0,
    contextTokens: DEMO_MODEL.context_window,
    maxConcurrent: 0,
    extraHeaders: [],
    credential: demoCredential(provider, refreshToken),
  };
}

function demoCredential(provider: string, refreshToken: Secret): OAuthSettings {
  return {
    kind: "oauth2",
    grant: "refresh_token",
    issuer: new URL(issuerOf(provider)),
    tokenUrl: new URL("/token", provider),
    deviceUrl: new URL("/device_authorization", provider),
    authorizeUrl: new URL("/authorize", provider),
    revokeUrl: new URL("/revoke", provider),
    redirectUri: null,
    clientId: DEMO_CLIENT,
    clientSecret: null,
    clientAuth: "none",
    scope: DEMO_SCOPE,
    extraParams: [],
    refreshToken,
    accessToken: null,
    accessTokenExpiresAt: null,
  };
}
