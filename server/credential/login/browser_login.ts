import * as oauth from "oauth4webapi";
import { delay } from "../../effects/mod.ts";
import { clientAuthOf, clientOf, protocolOptions } from "../oauth_protocol.ts";
import { recordOf } from "../record.ts";
import { readTokenAnswer } from "../token_answer.ts";
import { LOGIN_SILENCE, type LoginContext, LoginError, serverOf } from "./login.ts";
import { readText } from "./read_text.ts";

/** A login by authorization code under way. */
export interface BrowserLogin {
  /** Where the person's browser must go. */
  readonly url: URL;
  /**
   * Waits for the browser to come back, redeems the code and stores the credential.
   *
   * @throws {LoginError} `denied`, `expired`, `failed`
   * @throws the signal's reason
   */
  finish(signal: AbortSignal): Promise<void>;
}

/** How long the person has, in milliseconds. */
const TIME_FOR_A_PERSON = 10 * 60_000;
const DONE = page("You are logged in", "Gatehouse has the credential now. You can close this page.");
const FAILED = page("The login did not work", "The reason is shown where you began it. You can close this page.");

/**
 * Begins the authorization code grant with PKCE on a loopback redirect.
 *
 * @throws {LoginError} `unsupported` when the provider has no authorization endpoint, `failed`
 * @see RFC 8252 §7.3, RFC 7636, RFC 9207
 */
export async function startBrowserLogin(context: LoginContext, signal: AbortSignal): Promise<BrowserLogin> {
  const { settings, http, clock, store } = context;
  const server = await serverOf(context, signal);
  if (server.authorization_endpoint === undefined) {
    throw new LoginError(
      "unsupported",
      "Cannot log in by browser: the provider names no authorization endpoint; set OAUTH_AUTHORIZE_URL or use the device login",
    );
  }
  const verifier = oauth.generateRandomCodeVerifier();
  const state = oauth.generateRandomState();
  const arrived = Promise.withResolvers<URL>();
  const wanted = settings.redirectUri ?? new URL("http://127.0.0.1/callback");
  const listener = listen(wanted, state, arrived.resolve);
  const redirectUri = new URL(wanted);
  if (wanted.port === "") redirectUri.port = String(listener.addr.port);

  const url = new URL(server.authorization_endpoint);
  for (const [name, value] of settings.extraParams) url.searchParams.set(name, value);
  url.searchParams.set("client_id", settings.clientId);
  url.searchParams.set("response_type", "code");
  url.searchParams.set("redirect_uri", redirectUri.href);
  url.searchParams.set("state", state);
  url.searchParams.set("code_challenge", await oauth.calculatePKCECodeChallenge(verifier));
  url.searchParams.set("code_challenge_method", "S256");
  if (settings.scope !== null) url.searchParams.set("scope", settings.scope);

  return {
    url,
    async finish(signal) {
      const over = new AbortController();
      try {
        const both = AbortSignal.any([signal, over.signal]);
        const late = delay(clock, TIME_FOR_A_PERSON, both).then(() => {
          throw new LoginError("expired", "Nobody came back from the provider within ten minutes; begin again");
        });
        const callback = await Promise.race([arrived.promise, late]);
        await redeem(callback, signal);
      } finally {
        over.abort();
        await listener.shutdown();
      }
    },
  };

  async function redeem(callback: URL, signal: AbortSignal): Promise<void> {
    let parameters: URLSearchParams;
    // Without OAUTH_ISSUER the provider's name is not known, and there is nothing to compare it with.
    if (settings.issuer === null) callback.searchParams.delete("iss");
    try {
      parameters = oauth.validateAuthResponse(server, clientOf(settings), callback, state);
    } catch (error) {
      if (error instanceof oauth.AuthorizationResponseError && error.error === "access_denied") {
        throw new LoginError("denied", "The login was denied at the provider");
      }
      throw new LoginError(
        "failed",
        "The login failed: the provider's redirect does not answer this login (state, issuer or error)",
      );
    }
    const sentAt = clock.now();
    const response = await oauth.authorizationCodeGrantRequest(
      server,
      clientOf(settings),
      clientAuthOf(settings),
      parameters,
      redirectUri.href,
      verifier,
      protocolOptions({ http, signal, silence: LOGIN_SILENCE }),
    );
    const answer = readTokenAnswer(response.status, null, await readText(response, context, signal), sentAt);
    if (answer.kind !== "tokens") throw new LoginError("failed", `The login failed: ${answer.reason}`);
    await store.replace(recordOf(answer.tokens, null));
  }
}

/** Takes the one callback that carries our state; a page that guesses at the port learns and changes nothing. */
function listen(redirectUri: URL, state: string, arrived: (url: URL) => void): Deno.HttpServer<Deno.NetAddr> {
  const hostname = redirectUri.hostname === "[::1]" ? "::1" : "127.0.0.1";
  return Deno.serve({ hostname, port: Number(redirectUri.port || 0), onListen: () => {} }, (request) => {
    const url = new URL(request.url);
    if (request.method !== "GET" || url.pathname !== redirectUri.pathname) {
      return new Response("Not found", { status: 404 });
    }
    if (url.searchParams.get("state") !== state) return new Response("Not this login", { status: 400 });
    arrived(url);
    const html = url.searchParams.has("error") ? FAILED : DONE;
    return new Response(html, {
      headers: {
        "content-type": "text/html; charset=utf-8",
        "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'",
        "referrer-policy": "no-referrer",
        "cache-control": "no-store",
      },
    });
  });
}

function page(title: string, text: string): string {
  return `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="color-scheme" content="light dark"><title>${title}</title>
<style>body{font:1.1rem/1.5 system-ui,sans-serif;max-width:32rem;margin:20vh auto;padding:0 1rem}</style><h1>${title}</h1><p>${text}</p></html>`;
}
