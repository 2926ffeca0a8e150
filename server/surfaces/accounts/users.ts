import { type Handler, idOf, pageAnswer, pageOf, readJson, unknown } from "../../http/mod.ts";
import type { AccountOptions } from "./options.ts";
import { newUserBody, userBody } from "./user_body.ts";

/** `POST /users`: makes a user, never an administrator. Whoever is none is limited by network. */
export function createUser({ users, maxBodyBytes }: AccountOptions): Handler {
  return async ({ req, env: { who, address } }) => {
    const { newUser } = await import("./schemas.ts");
    const body = await readJson(req.raw, newUser, { maxBytes: maxBodyBytes, what: "create this user" });
    const user = await users.create({ ...body, address: who.role === "admin" ? null : address });
    return Response.json(newUserBody(user), { status: 201 });
  };
}

/** `GET /users`, oldest first. */
export function listUsers({ users }: AccountOptions): Handler {
  return async ({ req }) => pageAnswer(await users.list(pageOf(new URL(req.raw.url).searchParams)), userBody);
}

/** `GET /users/{id}`. */
export function showUser({ users }: AccountOptions): Handler {
  return async (call) => {
    const user = await users.get(idOf(call, "user"));
    if (user === null) throw unknown("user");
    return Response.json(userBody(user));
  };
}

/** `PATCH /users/{id}`. */
export function changeUser({ users, maxBodyBytes }: AccountOptions): Handler {
  return async (call) => {
    const id = idOf(call, "user");
    const { userChange } = await import("./schemas.ts");
    const change = await readJson(call.req.raw, userChange, { maxBytes: maxBodyBytes, what: "change this user" });
    return Response.json(userBody(await users.change(id, change)));
  };
}

/** `DELETE /users/{id}`: with all that is the user's. */
export function removeUser({ users }: AccountOptions): Handler {
  return async (call) => {
    await users.remove(idOf(call, "user"));
    return new Response(null, { status: 204 });
  };
}
