import type { Who } from "../accounts/mod.ts";
import { GatehouseError } from "../errors/mod.ts";
import type { Handler } from "./exchange.ts";

/** Anybody, without a credential: what the request carries is judged by the handler itself. */
export function anyone(handler: Handler): Handler {
  return handler;
}

/** A user by login, or by an API key. */
export function keyOrLogin(handler: Handler): Handler {
  return (call) => {
    if (call.env.who.via !== "api_key") demandLogin(call.env.who);
    return handler(call);
  };
}

/** A user by login; open mode's user counts as one. */
export function login(handler: Handler): Handler {
  return (call) => {
    demandLogin(call.env.who);
    return handler(call);
  };
}

/** An administrator by login; open mode's user is one. */
export function admin(handler: Handler): Handler {
  return login((call) => {
    if (call.env.who.role === "admin") return handler(call);
    throw new GatehouseError(
      "admin_required",
      "Cannot answer this request: only an administrator may do this; ask one",
    );
  });
}

/** Anybody where registration is open, else an administrator by login. */
export function registrant(registration: "open" | "closed", handler: Handler): Handler {
  if (registration === "open") return anyone(handler);
  return (call) => {
    const { who } = call.env;
    if (isLogin(who) && who.role === "admin") return handler(call);
    throw new GatehouseError(
      "registration_closed",
      "Cannot create this user: registration is closed; ask an administrator for an account",
    );
  };
}

/** @throws {GatehouseError} `credential_required`, `login_required` */
function demandLogin(who: Who): void {
  if (isLogin(who)) return;
  if (who.via === "nobody") {
    throw new GatehouseError(
      "credential_required",
      "Cannot answer this request: it needs a login; send Authorization: Bearer <access token of POST /token>",
    );
  }
  throw new GatehouseError(
    "login_required",
    "Cannot answer this request: it needs a login, and something else was shown; send the access token of POST /token",
  );
}

function isLogin({ via }: Who): boolean {
  switch (via) {
    case "open":
    case "token":
    case "cookie":
      return true;
    case "api_key":
    case "ticket":
    case "metrics_token":
    case "nobody":
      return false;
  }
}
