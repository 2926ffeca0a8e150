import { lifetimeOf } from "./lifetime.ts";
import type { IssuedTokens } from "./record.ts";

/** What became of one token request, as far as the next step depends on it. Reasons hold nothing of the body but its `error` code. */
export type TokenAnswer =
  | { readonly kind: "tokens"; readonly tokens: IssuedTokens }
  /** The grant is over (RFC 6749 §5.2 `invalid_grant`, or the provider wants the person). */
  | { readonly kind: "grant_over"; readonly reason: string }
  /** Any other 4xx: asking again would give the same. */
  | { readonly kind: "refused"; readonly reason: string }
  /** 429 or 503: nothing was redeemed. `retryAfter` in milliseconds. */
  | { readonly kind: "busy"; readonly reason: string; readonly retryAfter: number | null }
  /** Nothing left this machine. */
  | { readonly kind: "not_sent"; readonly reason: string }
  /** It was sent, and nobody knows whether it was redeemed. */
  | { readonly kind: "lost"; readonly reason: string }
  /** A 200 that cannot be read: redeemed for certain, and the successor is gone. */
  | { readonly kind: "unreadable"; readonly reason: string };

const GRANT_OVER = new Set(["invalid_grant", "interaction_required", "login_required", "consent_required"]);

/**
 * Reads a token endpoint's answer. It takes what is needed and judges nothing else: an id_token that does not verify must
 * not cost the refresh token that came beside it.
 *
 * @param text the body, read already
 * @param sentAt milliseconds since the epoch at which the request was sent
 * @see RFC 6749 §5
 */
export function readTokenAnswer(status: number, retryAfter: string | null, text: string, sentAt: number): TokenAnswer {
  const body = parseObject(text);
  const error = errorCode(body?.error);
  const reason = `the token endpoint answered ${status}${error === null ? "" : ` ${error}`}`;
  if (status >= 200 && status < 300) {
    const { access_token, refresh_token, expires_in } = body ?? {};
    if (typeof access_token !== "string" || access_token === "") {
      // Some providers put an error into a 200.
      if (error !== null && GRANT_OVER.has(error)) return { kind: "grant_over", reason };
      return { kind: "unreadable", reason: `${reason} without an access token that can be read` };
    }
    return {
      kind: "tokens",
      tokens: {
        accessToken: access_token,
        refreshToken: typeof refresh_token === "string" && refresh_token !== "" ? refresh_token : null,
        lifetime: lifetimeOf(expires_in),
        sentAt,
      },
    };
  }
  if (status === 429 || status === 503) return { kind: "busy", reason, retryAfter: retryAfterOf(retryAfter, sentAt) };
  if (status >= 500) return { kind: "lost", reason };
  if (error !== null && GRANT_OVER.has(error)) return { kind: "grant_over", reason };
  return { kind: "refused", reason };
}

/** `Retry-After` in milliseconds: seconds or an HTTP date (RFC 9110 §10.2.3), an hour at most. */
export function retryAfterOf(value: string | null, now: number): number | null {
  if (value === null) return null;
  const ms = /^\s*\d+\s*$/.test(value) ? Number(value) * 1000 : Date.parse(value) - now;
  return Number.isFinite(ms) ? Math.min(Math.max(0, ms), 3_600_000) : null;
}

function parseObject(text: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(text);
    // A JSON object's own keys are all that is read from it.
    return typeof value === "object" && value !== null && !Array.isArray(value)
      ? value as Record<string, unknown>
      : null;
  } catch {
    return null;
  }
}

/** An error code as RFC 6749 spells them; anything else could be part of a secret. */
function errorCode(value: unknown): string | null {
  return typeof value === "string" && /^[a-z][a-z_]{0,39}$/.test(value) ? value : null;
}
