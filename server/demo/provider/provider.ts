import { Hono } from "hono";
import type { Clock } from "../../effects/mod.ts";
import type { Logger } from "../../telemetry/mod.ts";
import type { Handler } from "../listen.ts";
import type { Random } from "../random.ts";
import { AuthorizationCodes } from "./authorization_codes.ts";
import { type AuthorizationRequest, decideAuthorize, showAuthorize } from "./authorize_page.ts";
import { grantedScope } from "./client.ts";
import { DeviceCodes, type DeviceRequest } from "./device_codes.ts";
import { decideDevice, showDevice } from "./device_page.ts";
import { FormTokens } from "./form_tokens.ts";
import { issuerOf, metadata } from "./metadata.ts";
import { noStoreJson, OAuthError } from "./oauth_error.ts";
import { notice, styleSheet } from "./page.ts";
import { knownClient, readForm, required } from "./parameters.ts";
import { answerToken } from "./token_endpoint.ts";
import type { TokenStore } from "./token_store.ts";

/** What the provider is built from. */
export interface ProviderOptions {
  /** Where it listens, no slash at the end. */
  readonly origin: string;
  readonly tokens: TokenStore;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
}

/** The demo identity provider as a request handler. */
export function createProvider(options: ProviderOptions): Handler {
  const { origin, tokens, clock, random, log } = options;
  const devices = new DeviceCodes(clock, random);
  const codes = new AuthorizationCodes(clock, random);
  const tokenEndpoint = { tokens, codes, devices, log };
  const devicePage = { devices, forms: new FormTokens<DeviceRequest>(clock, random), log };
  const forms = new FormTokens<AuthorizationRequest>(clock, random);
  const authorizePage = { issuer: issuerOf(origin), codes, forms, log };

  const app = new Hono();
  app.get("/", () => notice("The demo identity provider", "It runs. Your program sends you here when it signs in."));
  app.get("/style.css", () => styleSheet());
  app.get("/.well-known/openid-configuration", () => Response.json(metadata(origin)));
  app.get("/.well-known/oauth-authorization-server", () => Response.json(metadata(origin)));
  app.post("/token", (c) => answerToken(tokenEndpoint, c.req.raw));
  app.post("/device_authorization", async (c) => {
    const form = await readForm(c.req.raw);
    const begun = devices.begin(knownClient(form), grantedScope(form.get("scope")));
    return noStoreJson({
      device_code: begun.deviceCode,
      user_code: begun.userCode,
      verification_uri: `${origin}/device`,
      verification_uri_complete: `${origin}/device?user_code=${begun.userCode}`,
      expires_in: begun.expiresIn,
      interval: begun.interval,
    });
  });
  app.post("/revoke", async (c) => {
    const form = await readForm(c.req.raw);
    knownClient(form);
    tokens.revoke(required(form, "token"));
    return new Response(null, { status: 200 });
  });
  app.get("/device", (c) => showDevice(devicePage, c.req.query("user_code") ?? null));
  app.post("/device", (c) => decideDevice(devicePage, c.req.raw));
  app.get("/authorize", (c) => showAuthorize(authorizePage, new URL(c.req.url).searchParams));
  app.post("/authorize", (c) => decideAuthorize(authorizePage, c.req.raw));
  app.notFound(() => notice("Nothing here", "There is nothing at this address.", 404));
  app.onError((error) => {
    if (error instanceof OAuthError) return error.toResponse();
    log.error("Demo provider failed", { error: error.name });
    return notice("That went wrong", "The demo provider has a fault. Look at the log.", 500);
  });
  return (request) => {
    // A name that was rebound to loopback must not read these pages.
    if (!isLoopbackName(new URL(request.url).hostname)) return notice("Not here", "Use the loopback address.", 403);
    return app.fetch(request);
  };
}

function isLoopbackName(hostname: string): boolean {
  return hostname === "127.0.0.1" || hostname === "localhost" || hostname === "[::1]";
}
