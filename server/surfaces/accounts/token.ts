import type { Grant } from "../../accounts/mod.ts";
import { GatehouseError } from "../../errors/mod.ts";
import { type Call, type Handler, readForm } from "../../http/mod.ts";
import { Secret } from "../../secrets/mod.ts";
import { oauthAnswers, oauthError } from "./oauth_error.ts";
import type { AccountOptions } from "./options.ts";

const FIELDS = ["grant_type", "username", "password", "refresh_token"] as const;
type Form = Readonly<Partial<Record<typeof FIELDS[number], string>>>;

/** `POST /token`: a login by name and password, or a refresh. @see RFC 6749 §4.3, §5, §6 */
export function giveToken({ users, tokens, maxBodyBytes }: AccountOptions): Handler {
  async function byPassword({ username, password }: Form, { env }: Call): Promise<Grant> {
    if (username === undefined) throw missing("username");
    if (password === undefined) throw missing("password");
    const user = await users.authenticate({ username, password: new Secret(password), address: env.address });
    return await tokens.issue(user);
  }
  async function byRefreshToken({ refresh_token }: Form): Promise<Grant> {
    if (refresh_token === undefined) throw missing("refresh_token");
    return await tokens.refresh(new Secret(refresh_token));
  }
  return oauthAnswers(async (call) => {
    const form = await readForm(call.req.raw, { fields: FIELDS, maxBytes: maxBodyBytes, what: "give a token" });
    switch (form.grant_type) {
      case undefined:
      case "password":
        return answer(await byPassword(form, call));
      case "refresh_token":
        return answer(await byRefreshToken(form));
      default:
        return oauthError(
          "unsupported_grant_type",
          "Cannot give a token: grant_type must be password or refresh_token",
        );
    }
  });
}

function answer({ accessToken, expiresIn, refreshToken }: Grant): Response {
  const body = {
    access_token: accessToken.reveal(),
    token_type: "bearer",
    expires_in: expiresIn,
    refresh_token: refreshToken.reveal(),
  };
  return Response.json(body, { headers: { pragma: "no-cache" } });
}

function missing(name: string): GatehouseError {
  return new GatehouseError("invalid_request", `Cannot give a token: the form has no ${name}`, { param: name });
}
