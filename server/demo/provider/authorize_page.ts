import { html } from "hono/html";
import type { Logger } from "../../telemetry/mod.ts";
import type { AuthorizationCodes } from "./authorization_codes.ts";
import { grantedScope, isLoopbackRedirect } from "./client.ts";
import type { FormTokens } from "./form_tokens.ts";
import { OAuthError } from "./oauth_error.ts";
import { decision, notice, page } from "./page.ts";
import { knownClient, type Parameters, readForm, readParameters, required } from "./parameters.ts";

/** An authorization request that may be put before the person (RFC 6749 §4.1.1). */
export interface AuthorizationRequest {
  readonly clientId: string;
  readonly redirectUri: string;
  readonly state: string | null;
  readonly scope: string;
  readonly challenge: string;
}

/** What the page decides with. */
export interface AuthorizePage {
  readonly issuer: string;
  readonly codes: AuthorizationCodes;
  readonly forms: FormTokens<AuthorizationRequest>;
  readonly log: Logger;
}

/** `GET /authorize`: checks the request and asks the person. */
export function showAuthorize(at: AuthorizePage, search: URLSearchParams): Response | Promise<Response> {
  let parameters: Parameters;
  let client: { clientId: string; redirectUri: string };
  try {
    parameters = readParameters(search);
    client = { clientId: knownClient(parameters), redirectUri: redirectOf(parameters) };
  } catch (error) {
    if (!(error instanceof OAuthError)) throw error;
    // Before client and redirect are known nothing may be sent there: RFC 6749 §4.1.2.1.
    return notice("This sign-in link is broken", `${error.message}.`, 400);
  }
  const state = parameters.get("state") ?? null;
  const fault = faultOf(parameters);
  if (fault !== null) return redirect(at, client.redirectUri, state, fault);
  const challenge = parameters.get("code_challenge") ?? "";
  const asked: AuthorizationRequest = { ...client, state, scope: grantedScope(parameters.get("scope")), challenge };
  return page(
    "Let this program in?",
    html`
      <p>
        <strong>${asked.clientId}</strong> asks to use the demo model as you. It waits for the answer at
        <strong>${new URL(asked.redirectUri).host}</strong> on this computer.
      </p>
      ${decision("/authorize", at.forms.issue(asked))}
      <p class="note">This is a demonstration: there is no account behind it and no password to type.</p>
    `,
    { formTarget: formTarget(asked.redirectUri) },
  );
}

/** `POST /authorize`: the person has decided; the browser goes back with a code or an error, and `iss` (RFC 9207). */
export async function decideAuthorize(at: AuthorizePage, request: Request): Promise<Response> {
  const form = await readForm(request);
  const asked = at.forms.take(form.get("form_token") ?? "");
  if (asked === null) return notice("This form is out of date", "Begin the sign-in again in your program.", 400);
  const allowed = form.get("decision") === "allow";
  at.log.info("Demo sign-in decided", { decision: allowed ? "approved" : "denied" });
  const answer = allowed ? { code: at.codes.issue(asked) } : { error: "access_denied" };
  return redirect(at, asked.redirectUri, asked.state, answer);
}

function redirectOf(parameters: Parameters): string {
  const uri = required(parameters, "redirect_uri");
  if (!isLoopbackRedirect(uri)) throw new OAuthError("invalid_request", "redirect_uri must be http on loopback");
  return uri;
}

function faultOf(parameters: Parameters): Record<string, string> | null {
  const type = parameters.get("response_type");
  if (type === undefined) return { error: "invalid_request", error_description: "Missing parameter: response_type" };
  if (type !== "code") return { error: "unsupported_response_type" };
  const isS256 = parameters.get("code_challenge_method") === "S256";
  if (isS256 && /^[A-Za-z0-9_-]{43}$/.test(parameters.get("code_challenge") ?? "")) return null;
  return { error: "invalid_request", error_description: "PKCE with code_challenge_method=S256 is required" };
}

function redirect(at: AuthorizePage, uri: string, state: string | null, answer: Record<string, string>): Response {
  const url = new URL(uri);
  for (const [name, value] of Object.entries(answer)) url.searchParams.set(name, value);
  if (state !== null) url.searchParams.set("state", state);
  url.searchParams.set("iss", at.issuer);
  return new Response(null, { status: 303, headers: { location: url.href, "cache-control": "no-store" } });
}

/** Browsers hold a form's redirect to `form-action` too; it has no way to write an IPv6 address, only the scheme. */
function formTarget(redirectUri: string): string {
  const { origin, hostname } = new URL(redirectUri);
  return hostname.startsWith("[") ? "http:" : origin;
}
