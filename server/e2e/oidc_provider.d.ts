// What the tests use of `oidc-provider`, which ships no types.
import type { IncomingMessage, ServerResponse } from "node:http";

export interface Client {
  readonly clientId: string;
  grantTypeAllowed(type: string): boolean;
}

export interface StoredToken {
  readonly jti: string;
  readonly grantId?: string;
  readonly accountId?: string;
  readonly clientId?: string;
}

export interface Context {
  readonly oidc: {
    readonly params?: Record<string, unknown>;
    readonly client?: Client;
    readonly session?: { readonly accountId?: string };
    readonly result?: unknown;
    readonly entities: Record<string, { readonly grantId?: string; readonly jti?: string } | undefined>;
    readonly provider: Provider;
  };
  body: unknown;
}

export interface Grant {
  readonly jti: string;
  addOIDCScope(scope: string): void;
  save(): Promise<string>;
  destroy(): Promise<void>;
}

interface TokenModel {
  revokeByGrantId(grantId: string): Promise<void>;
}

export class Provider {
  constructor(issuer: string, configuration: Record<string, unknown>);
  callback(): (request: IncomingMessage, response: ServerResponse) => void;
  on(event: "grant.success", listener: (ctx: Context) => void): this;
  on(
    event: "grant.error",
    listener: (ctx: Context, error: { error?: string; error_detail?: string; message: string }) => void,
  ): this;
  on(event: "access_token.saved", listener: (token: StoredToken) => void): this;
  on(event: "server_error", listener: (ctx: Context, error: Error) => void): this;
  interactionFinished(
    request: IncomingMessage,
    response: ServerResponse,
    result: Record<string, unknown>,
  ): Promise<void>;
  readonly Client: { find(id: string): Promise<Client | undefined> };
  readonly Grant: {
    new (fields: { accountId: string; clientId: string }): Grant;
    find(id: string): Promise<Grant | undefined>;
  };
  readonly RefreshToken:
    & TokenModel
    & { new (fields: Record<string, unknown>): { save(): Promise<string> } };
  readonly AccessToken: TokenModel;
}
