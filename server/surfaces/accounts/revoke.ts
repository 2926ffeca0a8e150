import { GatehouseError } from "../../errors/mod.ts";
import { type Handler, readForm } from "../../http/mod.ts";
import { Secret } from "../../secrets/mod.ts";
import { oauthAnswers } from "./oauth_error.ts";
import type { AccountOptions } from "./options.ts";

/** `POST /revoke`: ends the login that a token came from; an unknown token is none to complain of. @see RFC 7009 §2 */
export function revokeToken({ tokens, maxBodyBytes }: AccountOptions): Handler {
  return oauthAnswers(async ({ req }) => {
    const { token } = await readForm(req.raw, { fields: ["token"], maxBytes: maxBodyBytes, what: "revoke this token" });
    if (token === undefined) {
      throw new GatehouseError("invalid_request", "Cannot revoke this token: the form has no token", {
        param: "token",
      });
    }
    await tokens.revoke(new Secret(token));
    return new Response(null);
  });
}
