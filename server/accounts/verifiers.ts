import { GatehouseError } from "../errors/mod.ts";
import { Secret } from "../secrets/mod.ts";
import type { Asking } from "./asking.ts";
import type { ApiKey, Keys } from "./keys/keys.ts";
import { badKey } from "./keys/verifier.ts";
import type { Tickets } from "./tickets/tickets.ts";
import { withLogin } from "./tokens/login_who.ts";
import type { TokenClaims, Tokens } from "./tokens/tokens.ts";
import type { User, Users } from "./users/users.ts";
import { localWho, whoOf } from "./users/who_of.ts";
import { LOCAL_USER_ID, type Via, type Who } from "./who.ts";

/**
 * One way to show who is asking. Null: the request shows nothing of this kind, another verifier may know it.
 *
 * @throws {GatehouseError} what was shown is of this kind, and no good
 */
export type Verifier = (asking: Asking) => Who | Promise<Who> | null;

/** What our own keys begin with; such a bearer is judged everywhere. */
const KEY_PREFIX = "gh_";

/** API keys (`gh_…`), as bearer or `x-api-key`. @param open whether keys of the implicit user `local` hold: they are good as long as that user is */
export function keyVerifier({ keys, users, open }: {
  readonly keys: Pick<Keys, "verify">;
  readonly users: Pick<Users, "current">;
  readonly open: boolean;
}): Verifier {
  const withUser = (key: ApiKey): Who | Promise<Who> => {
    if (key.userId === LOCAL_USER_ID) {
      if (open) return localWho(key);
      throw badKey();
    }
    const user = users.current(key.userId);
    const judge = (user: User | null): Who => {
      if (user === null || user.disabled) throw badKey();
      return whoOf(user, "api_key", key);
    };
    return user instanceof Promise ? user.then(judge) : judge(user);
  };
  return ({ bearer, apiKey }) => {
    const shown = bearer?.startsWith(KEY_PREFIX) ? bearer : apiKey?.startsWith(KEY_PREFIX) ? apiKey : null;
    if (shown === null) return null;
    const key = keys.verify(new Secret(shown));
    return key instanceof Promise ? key.then(withUser) : withUser(key);
  };
}

/** Our own access tokens, as bearer or `x-api-key`. */
export function tokenVerifier({ tokens, users }: TokenRooms): Verifier {
  return ({ bearer, apiKey }) => {
    const shown = bearer !== null && tokens.isOurs(bearer)
      ? bearer
      : apiKey !== null && tokens.isOurs(apiKey)
      ? apiKey
      : null;
    return shown === null ? null : judgeToken({ tokens, users }, shown, "token");
  };
}

/**
 * The cookie of our own pages, which holds an access token. A browser sends it along unasked, so whatever could change
 * something must come from a page of this server (CSRF).
 *
 * @param publicOrigin the server's origin as its users see it; null: the one of the request's `Host`
 */
export function cookieVerifier({ tokens, users, publicOrigin }: TokenRooms & {
  readonly publicOrigin: string | null;
}): Verifier {
  return (asking) => {
    if (asking.cookie === null || asking.bearer !== null || asking.apiKey !== null) return null;
    if (!isOwnPage(asking, publicOrigin)) {
      throw new GatehouseError(
        "origin_not_allowed",
        "Cannot answer this request: it shows a cookie, and does not come from a page of this server",
      );
    }
    return judgeToken({ tokens, users }, asking.cookie, "cookie");
  };
}

function isOwnPage({ origin, host, secFetchSite, unsafe }: Asking, publicOrigin: string | null): boolean {
  if (secFetchSite === "cross-site" || secFetchSite === "same-site") return false;
  if (origin === null) return !unsafe || secFetchSite === "same-origin";
  if (publicOrigin !== null) return origin === publicOrigin;
  const own = host?.toLowerCase().replace(/:80$/, "") ?? "";
  return origin === `http://${own}` || origin === `https://${own.replace(/:443$/, "")}`;
}

/** Tickets, by which a page opens a WebSocket. @param open whether those of the implicit user `local` hold @default {false} */
export function ticketVerifier(tickets: Pick<Tickets, "redeem">, open = false): Verifier {
  return ({ ticket }) => ticket === null ? null : tickets.redeem(new Secret(ticket), open);
}

/** What judges our own tokens. */
export interface TokenRooms {
  /** Says what a token says. */
  readonly tokens: Pick<Tokens, "isOurs" | "verify">;
  /** Says who the user is now. */
  readonly users: Pick<Users, "current">;
}

function judgeToken({ tokens, users }: TokenRooms, shown: string, via: Via): Who | Promise<Who> {
  const withUser = (claims: TokenClaims): Who | Promise<Who> => {
    const user = users.current(claims.userId);
    const judge = (user: User | null): Who => {
      if (user === null || user.disabled || user.generation !== claims.generation) {
        throw new GatehouseError(
          "invalid_token",
          "Cannot answer this request: the access token was revoked; log in again at POST /token",
        );
      }
      return withLogin(whoOf(user, via, null), claims);
    };
    return user instanceof Promise ? user.then(judge) : judge(user);
  };
  const claims = tokens.verify(new Secret(shown));
  return claims instanceof Promise ? claims.then(withUser) : withUser(claims);
}
