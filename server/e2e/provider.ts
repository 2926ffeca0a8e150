import { type Child, startFixture } from "./child.ts";

/** What the provider counted for one grant (one family of refresh tokens). */
export interface GrantStats {
  readonly redeems: number;
  readonly reuses: number;
  /** Why the token endpoint refused, one entry per refusal. */
  readonly failures: readonly string[];
}

/** A grant and the first refresh token of its family. */
export interface Seed {
  readonly grantId: string;
  readonly refreshToken: string;
}

/** A real `oidc-provider` in a process of its own, and the test's view into it. */
export class Provider implements AsyncDisposable {
  readonly #child: Child;

  private constructor(child: Child, readonly issuer: string) {
    this.#child = child;
  }

  /** @param accessTokenSeconds how long an access token lives, whole seconds */
  static async start(accessTokenSeconds = 2): Promise<Provider> {
    const { child, url } = await startFixture("provider_process.ts", {
      ACCESS_TOKEN_SECONDS: String(accessTokenSeconds),
    });
    return new Provider(child, url);
  }

  /** A new grant with a first refresh token, independent of all others. */
  async seed(): Promise<Seed> {
    const { grant_id, refresh_token } = await this.#control<{ grant_id: string; refresh_token: string }>("seed");
    return { grantId: grant_id, refreshToken: refresh_token };
  }

  /** Ends a grant as an administrator would. */
  async revoke(grantId: string): Promise<void> {
    await this.#control("revoke", grantId);
  }

  stats(grantId: string): Promise<GrantStats> {
    return this.#control("stats", grantId);
  }

  /** Of every grant that was ever redeemed or refused, by its id. */
  allStats(): Promise<Record<string, GrantStats>> {
    return this.#control("stats");
  }

  /** The settings that make a gate use this provider. */
  environment(refreshToken?: string): Record<string, string> {
    return {
      OAUTH_ISSUER: this.issuer,
      OAUTH_CLIENT_ID: "gatehouse-e2e",
      OAUTH_SCOPE: "openid offline_access",
      ...(refreshToken === undefined ? {} : { OAUTH_REFRESH_TOKEN: refreshToken }),
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#child[Symbol.asyncDispose]();
  }

  async #control<T>(what: string, id = ""): Promise<T> {
    const response = await fetch(`${this.issuer}/control/${what}?id=${encodeURIComponent(id)}`);
    if (!response.ok) throw new Error(`The provider's ${what} answered ${response.status}:\n${this.#child.output}`);
    return await response.json();
  }
}
