import type { Who } from "../who.ts";
import type { TokenClaims } from "./tokens.ts";

/** Somebody who has shown a login of ours, and which one: what is given out for a login must end with it. */
export interface LoginWho extends Who {
  readonly login: TokenClaims;
}

/** The one who asks, by this login. */
export function withLogin(who: Who, login: TokenClaims): LoginWho {
  return { ...who, login };
}

/** The login by which somebody asks; null: by none. */
export function loginOf(who: Who): TokenClaims | null {
  return isLoginWho(who) ? who.login : null;
}

/** Only {@linkcode LoginWho} has the field. */
function isLoginWho(who: Who): who is LoginWho {
  return "login" in who;
}
