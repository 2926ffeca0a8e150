import { GatehouseError } from "../../errors/mod.ts";
import type { Handler } from "../../http/mod.ts";

/** What OAuth clients know these failures by; all others keep the one error body. */
type OAuthErrorCode = "invalid_request" | "invalid_grant" | "unsupported_grant_type";

/** An error as OAuth clients read it. @see RFC 6749 §5.2 */
export function oauthError(error: OAuthErrorCode, message: string): Response {
  // The characters that the RFC leaves to a description.
  const error_description = message.replace(/[^\x20\x21\x23-\x5b\x5d-\x7e]/g, "'");
  return Response.json({ error, error_description }, { status: 400, headers: { pragma: "no-cache" } });
}

/** Answers with what OAuth has words for in those words. */
export function oauthAnswers(handler: Handler): Handler {
  return async (call) => {
    try {
      return await handler(call);
    } catch (error) {
      const isOAuth = error instanceof GatehouseError &&
        (error.code === "invalid_request" || error.code === "invalid_grant");
      if (isOAuth) return oauthError(error.code, error.message);
      throw error;
    }
  };
}
