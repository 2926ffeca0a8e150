import * as oauth from "oauth4webapi";
import { type Clock, unlessAborted } from "../effects/mod.ts";
import { type HttpClient, NetworkError, readBody, type Watchdog } from "../network/mod.ts";
import type { OAuthSettings } from "../settings/mod.ts";
import { clientAuthOf, clientOf, discover, DiscoveryError, protocolOptions, type Transport } from "./oauth_protocol.ts";
import { readTokenAnswer, type TokenAnswer } from "./token_answer.ts";

/** A token request that was sent is left open this long and never raced. */
const OPEN_FOR = 60_000;
const MAX_ANSWER = 1024 * 1024;

/** The provider as the refresher sees it: one request, one answer, no memory but the discovered endpoints. */
export interface TokenEndpoint {
  /**
   * Discovers the endpoints if there is an issuer and that was not done yet, so that {@linkcode TokenEndpoint.redeem} has
   * nothing to wait for but its own answer. Nothing secret is sent.
   *
   * @returns why it could not be done, or null
   */
  prepare(): Promise<string | null>;
  /**
   * Redeems `refreshToken` (after {@linkcode TokenEndpoint.prepare}), or asks by client credentials when it is null. Never throws: every way it can end is an answer.
   * It takes no signal: to give up a request that was sent is to lose what it brings.
   */
  redeem(refreshToken: string | null): Promise<TokenAnswer>;
  /** The endpoints, discovered when there is an issuer. @throws {DiscoveryError} {NetworkError} */
  server(signal: AbortSignal): Promise<oauth.AuthorizationServer>;
}

export function createTokenEndpoint(
  { settings, http, clock, watchdog }: {
    readonly settings: OAuthSettings;
    readonly http: HttpClient;
    readonly clock: Clock;
    readonly watchdog: Watchdog;
  },
): TokenEndpoint {
  let discovered: oauth.AuthorizationServer | null = null;

  const transport = (signal: AbortSignal, attempts: number): Transport => ({
    http,
    signal,
    silence: OPEN_FOR,
    attempts,
  });

  async function server(signal: AbortSignal): Promise<oauth.AuthorizationServer> {
    return discovered ??= await discover(settings, transport(signal, 2));
  }

  return {
    server,
    async prepare() {
      const over = new AbortController();
      const timer = clock.setTimeout(() => over.abort(), OPEN_FOR);
      try {
        // A body that stalls is not ended by the signal alone.
        await unlessAborted(server(over.signal), over.signal);
        return null;
      } catch (error) {
        if (error instanceof NetworkError || error instanceof DiscoveryError) return error.message;
        return "the issuer's metadata did not come in time";
      } finally {
        clock.clearTimeout(timer);
      }
    },
    async redeem(refreshToken) {
      let sentAt = clock.now();
      const over = new AbortController();
      const timer = clock.setTimeout(() => over.abort(), OPEN_FOR);
      try {
        const as = await server(over.signal);
        if (as.token_endpoint === undefined) {
          return { kind: "refused", reason: "the issuer's metadata names no token endpoint" };
        }
        sentAt = clock.now();
        const parameters = new URLSearchParams(settings.extraParams.map(([name, value]) => [name, value]));
        if (settings.scope !== null) parameters.set("scope", settings.scope);
        if (refreshToken !== null) parameters.set("refresh_token", refreshToken);
        const response = await oauth.genericTokenEndpointRequest(
          as,
          clientOf(settings),
          clientAuthOf(settings),
          settings.grant,
          parameters,
          protocolOptions(transport(over.signal, 2)),
        );
        return await read(response, sentAt, over.signal);
      } catch (error) {
        return failed(error);
      } finally {
        clock.clearTimeout(timer);
      }
    },
  };

  async function read(response: Response, sentAt: number, signal: AbortSignal): Promise<TokenAnswer> {
    try {
      const body = await readBody(response, { maxBytes: MAX_ANSWER, silence: OPEN_FOR, watchdog, signal });
      return readTokenAnswer(
        response.status,
        response.headers.get("retry-after"),
        new TextDecoder().decode(body),
        sentAt,
      );
    } catch {
      // What was read may hold a token: the reason stays ours.
      const reason = `the token endpoint's answer (status ${response.status}) broke off`;
      // After a 200 the old token is spent: it is never sent again.
      return response.ok
        ? { kind: "unreadable", reason }
        : readTokenAnswer(response.status, response.headers.get("retry-after"), "", sentAt);
    }
  }
}

function failed(error: unknown): TokenAnswer {
  if (error instanceof NetworkError) return { kind: error.sent ? "lost" : "not_sent", reason: error.message };
  // The time was over, or a fault of the library's: the request may have gone.
  return { kind: "lost", reason: "no answer came to the token request" };
}
