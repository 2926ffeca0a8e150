// A real identity provider in a process of its own: refresh tokens rotate, reuse revokes the family, tokens live 2 s.
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
// @ts-types="./oidc_provider.d.ts"
import { type Context, Provider } from "oidc-provider";
import { serveUntilOrphaned } from "./child.ts";
import { report } from "./report.ts";
import { createProviderStore } from "./provider_store.ts";

const CLIENT = "gatehouse-e2e";
const ACCOUNT = "person";
const SCOPE = "openid offline_access";
const LIFETIME_SECONDS = Number(Deno.env.get("ACCESS_TOKEN_SECONDS") ?? "2");

interface GrantStats {
  redeems: number;
  reuses: number;
  failures: string[];
}

const stats = new Map<string, GrantStats>();
const accessTokens = new Map<string, { grantId: string; expiresAt: number }>();

function statsOf(grantId: string): GrantStats {
  const known = stats.get(grantId) ?? { redeems: 0, reuses: 0, failures: [] };
  stats.set(grantId, known);
  return known;
}

const isRefresh = (ctx: Context) => ctx.oidc.params?.grant_type === "refresh_token";
const grantOf = (ctx: Context) =>
  ctx.oidc.entities.Grant?.jti ?? ctx.oidc.entities.RefreshToken?.grantId ?? ctx.oidc.entities.DeviceCode?.grantId ??
    "unknown";

function createProvider(issuer: string): Provider {
  const grantTypes = ["refresh_token", "authorization_code", "urn:ietf:params:oauth:grant-type:device_code"];
  const provider = new Provider(issuer, {
    adapter: class {
      constructor(model: string) {
        return store(model) as object;
      }
    },
    clients: [{
      client_id: CLIENT,
      application_type: "native",
      token_endpoint_auth_method: "none",
      grant_types: grantTypes,
      response_types: ["code"],
      redirect_uris: ["http://127.0.0.1/callback"],
    }],
    cookies: { keys: ["only a test"] },
    features: {
      devInteractions: { enabled: false },
      revocation: { enabled: true },
      deviceFlow: { enabled: true },
    },
    rotateRefreshToken: true,
    issueRefreshToken: () => true,
    ttl: {
      AccessToken: LIFETIME_SECONDS,
      DeviceCode: 600,
      Grant: 86_400,
      IdToken: 600,
      Interaction: 600,
      RefreshToken: 86_400,
      Session: 600,
    },
    findAccount: (_ctx: unknown, accountId: string) => ({ accountId, claims: () => ({ sub: accountId }) }),
    interactions: { url: (_ctx: unknown, interaction: { uid: string }) => `/interaction/${interaction.uid}` },
    // Every login is a new family, so that a login never revives one that was revoked.
    loadExistingGrant: async (ctx: Context) => {
      const grant = new provider.Grant({
        accountId: ctx.oidc.session?.accountId ?? ACCOUNT,
        clientId: ctx.oidc.client?.clientId ?? CLIENT,
      });
      grant.addOIDCScope(SCOPE);
      await grant.save();
      return grant;
    },
  });
  provider.on("access_token.saved", (token) => {
    // To the millisecond: the provider itself counts in whole seconds.
    accessTokens.set(token.jti, {
      grantId: token.grantId ?? "unknown",
      expiresAt: Date.now() + LIFETIME_SECONDS * 1000,
    });
  });
  provider.on("grant.success", (ctx) => {
    if (isRefresh(ctx)) statsOf(grantOf(ctx)).redeems++;
  });
  provider.on("grant.error", (ctx, error) => {
    if (!isRefresh(ctx)) return;
    const { failures } = statsOf(grantOf(ctx));
    failures.push(error.error_detail ?? error.message);
    if (error.error_detail === "refresh token already used") statsOf(grantOf(ctx)).reuses++;
  });
  provider.on("server_error", (_ctx, error) => report(`provider fault: ${error.stack}`));
  return provider;
}

async function seed(): Promise<{ grant_id: string; refresh_token: string }> {
  const grant = new provider.Grant({ accountId: ACCOUNT, clientId: CLIENT });
  grant.addOIDCScope(SCOPE);
  const grantId = await grant.save();
  const client = await provider.Client.find(CLIENT);
  const token = new provider.RefreshToken({
    accountId: ACCOUNT,
    client,
    grantId,
    gty: "authorization_code",
    scope: SCOPE,
  });
  return { grant_id: grantId, refresh_token: await token.save() };
}

async function revoke(grantId: string): Promise<Record<string, never>> {
  await provider.RefreshToken.revokeByGrantId(grantId);
  await provider.AccessToken.revokeByGrantId(grantId);
  await (await provider.Grant.find(grantId))?.destroy();
  for (const [token, { grantId: owner }] of accessTokens) {
    if (owner === grantId) accessTokens.delete(token);
  }
  return {};
}

function control(path: string, argument: string): unknown {
  switch (path) {
    case "/control/seed":
      return seed();
    case "/control/revoke":
      return revoke(argument);
    case "/control/stats":
      return argument === "" ? Object.fromEntries(stats) : statsOf(argument);
    case "/control/token":
      return accessTokens.get(argument) ?? {};
    default:
      throw new Error(`Nothing at ${path}`);
  }
}

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = new URL(request.url ?? "/", issuer);
  if (url.pathname.startsWith("/control/")) {
    const body = await control(url.pathname, url.searchParams.get("id") ?? "");
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify(body));
    return;
  }
  if (url.pathname.startsWith("/interaction/")) {
    return await provider.interactionFinished(request, response, { login: { accountId: ACCOUNT }, consent: {} });
  }
  serveProvider(request, response);
}

const server = createServer((request, response) => {
  answer(request, response).catch((error) => {
    report(`provider fault: ${error}`);
    response.statusCode = 500;
    response.end();
  });
});
await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
const store = createProviderStore();
// `listen` on a host and port gives an AddressInfo, never a pipe's name.
const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
const provider = createProvider(issuer);
const serveProvider = provider.callback();
await serveUntilOrphaned(issuer);
