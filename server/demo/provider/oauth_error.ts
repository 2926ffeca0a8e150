/** The error codes of RFC 6749 §5.2 and RFC 8628 §3.5 that the demo provider answers with. */
export type OAuthErrorCode =
  | "invalid_request"
  | "invalid_client"
  | "invalid_grant"
  | "unsupported_grant_type"
  | "authorization_pending"
  | "slow_down"
  | "access_denied"
  | "expired_token";

/** A refusal that goes out as RFC 6749 §5.2 says. */
export class OAuthError extends Error {
  override readonly name = "OAuthError";
  readonly code: OAuthErrorCode;

  constructor(code: OAuthErrorCode, description: string) {
    super(description);
    this.code = code;
  }

  toResponse(): Response {
    const status = this.code === "invalid_client" ? 401 : 400;
    return noStoreJson({ error: this.code, error_description: this.message }, status);
  }
}

/** A JSON answer that nobody may keep. */
export function noStoreJson(body: unknown, status = 200): Response {
  return Response.json(body, { status, headers: { "cache-control": "no-store", "pragma": "no-cache" } });
}
