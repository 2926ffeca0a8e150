import { LOCAL_USER_ID } from "../../accounts/mod.ts";
import { GatehouseError } from "../../errors/mod.ts";
import { type Handler, readJson, unknown } from "../../http/mod.ts";
import type { Secret } from "../../secrets/mod.ts";
import type { AccountOptions } from "./options.ts";
import { localUserBody, userBody } from "./user_body.ts";

/** `GET /users/me`: who the caller is and what binds them. */
export function showMe({ users, installedAt }: AccountOptions): Handler {
  return async ({ env }) => {
    if (env.who.userId === LOCAL_USER_ID) return Response.json(localUserBody(installedAt));
    const user = await users.get(env.who.userId);
    if (user === null) throw unknown("user");
    return Response.json(userBody(user));
  };
}

/** `POST /users/me/password`: all logins of the user end with it. */
export function changePassword({ users, maxBodyBytes }: AccountOptions): Handler {
  async function setPassword(id: string, password: Secret, generation: number): Promise<void> {
    try {
      await users.setPassword(id, password, generation);
    } catch (error) {
      // The users know the field by another name.
      if (!(error instanceof GatehouseError && error.code === "invalid_field")) throw error;
      throw new GatehouseError("invalid_field", error.message, { param: "new_password" });
    }
  }
  return async ({ req, env }) => {
    if (env.who.userId === LOCAL_USER_ID) {
      throw new GatehouseError(
        "not_found",
        "Cannot change the password: open mode's user has none; log in as the user whose password it is",
      );
    }
    const { passwordChange } = await import("./schemas.ts");
    const body = await readJson(req.raw, passwordChange, { maxBytes: maxBodyBytes, what: "change the password" });
    const user = await users.get(env.who.userId);
    if (user === null) throw unknown("user");
    // Through the door of all logins: guesses are limited here as there.
    const password = body.current_password;
    const { id, generation } = await users.authenticate({ username: user.username, password, address: env.address });
    await setPassword(id, body.new_password, generation);
    return new Response(null, { status: 204 });
  };
}
