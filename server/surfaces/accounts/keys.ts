import type { ApiKey } from "../../accounts/mod.ts";
import { GatehouseError } from "../../errors/mod.ts";
import { type Call, type Handler, idOf, isId, pageAnswer, pageOf, readJson, unknown } from "../../http/mod.ts";
import { keyBody } from "./key_body.ts";
import type { AccountOptions } from "./options.ts";

/** `POST /keys`: the key itself is shown this once. */
export function createKey({ keys, maxBodyBytes }: AccountOptions): Handler {
  return async ({ req, env }) => {
    const { newKey } = await import("./schemas.ts");
    const body = await readJson(req.raw, newKey, { maxBytes: maxBodyBytes, what: "create this key" });
    const { key, secret } = await keys.create({ ...withExpiry(body), userId: env.who.userId });
    const { key_id, ...shown } = keyBody(key);
    return Response.json({ key_id, key: secret.reveal(), ...shown }, { status: 201 });
  };
}

/** `GET /keys`, oldest first: one's own; for administrators all, or those of `?user_id=`. */
export function listKeys({ keys }: AccountOptions): Handler {
  return async ({ req, env: { who } }) => {
    const query = new URL(req.raw.url).searchParams;
    const asked = query.get("user_id");
    const isAdmin = who.role === "admin";
    if (asked !== null && !(isAdmin ? isId(asked) : asked === who.userId)) throw unknown("user");
    return pageAnswer(await keys.list(isAdmin ? asked : who.userId, pageOf(query, ["user_id"])), keyBody);
  };
}

/** `GET /keys/{id}`. */
export function showKey(options: AccountOptions): Handler {
  return async (call) => Response.json(keyBody(await keyOf(call, options)));
}

/** `PATCH /keys/{id}`. */
export function changeKey(options: AccountOptions): Handler {
  const { keys, maxBodyBytes } = options;
  return async (call) => {
    const { id } = await keyOf(call, options);
    const { keyChange } = await import("./schemas.ts");
    const body = await readJson(call.req.raw, keyChange, { maxBytes: maxBodyBytes, what: "change this key" });
    return Response.json(keyBody(await keys.change(id, withExpiry(body))));
  };
}

/** `DELETE /keys/{id}`. */
export function revokeKey(options: AccountOptions): Handler {
  return async (call) => {
    const { id } = await keyOf(call, options);
    await options.keys.revoke(id);
    return new Response(null, { status: 204 });
  };
}

/** `DELETE /keys/current`: a key revokes itself. */
export function revokeShownKey({ keys }: AccountOptions): Handler {
  return async ({ env: { who } }) => {
    if (who.keyId === null) {
      throw new GatehouseError("not_found", "Cannot revoke the key in use: there is none; show the key itself");
    }
    await keys.revoke(who.keyId);
    return new Response(null, { status: 204 });
  };
}

/** The key that the path names, if it is the caller's to see. */
async function keyOf(call: Call, { keys }: AccountOptions): Promise<ApiKey> {
  const { who } = call.env;
  const key = await keys.get(idOf(call, "key"));
  if (key === null || (who.role !== "admin" && key.userId !== who.userId)) throw unknown("key");
  return key;
}

/** A body with its expiry under the room's name. */
function withExpiry<T extends { readonly expires_at?: number | null }>(
  { expires_at, ...rest }: T,
): Omit<T, "expires_at"> & { readonly expiresAt?: number | null } {
  return expires_at === undefined ? rest : { ...rest, expiresAt: expires_at };
}
