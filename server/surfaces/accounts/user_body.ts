import { LOCAL_USER_ID, NO_LIMITS, type User } from "../../accounts/mod.ts";
import { type LimitsBody, limitsBody, timeBody } from "./limits_body.ts";

/** What the public of an install may know of a user that it has made. */
interface NewUserBody {
  readonly user_id: string;
  readonly username: string;
  readonly email: string | null;
  readonly role: "admin" | "user";
  readonly created_at: string;
}

/** A user as it is shown. */
export interface UserBody extends NewUserBody, LimitsBody {
  readonly disabled: boolean;
}

/** A user as registration shows it. */
export function newUserBody({ id, username, email, role, createdAt }: User): NewUserBody {
  return { user_id: id, username, email, role, created_at: timeBody(createdAt) };
}

/** A user as it is shown to itself and to administrators. */
export function userBody(user: User): UserBody {
  return { ...newUserBody(user), disabled: user.disabled, ...limitsBody(user) };
}

/** The implicit user of open mode. @param installedAt milliseconds since the epoch */
export function localUserBody(installedAt: number): UserBody {
  return {
    user_id: LOCAL_USER_ID,
    username: LOCAL_USER_ID,
    email: null,
    role: "admin",
    created_at: timeBody(installedAt),
    disabled: false,
    ...limitsBody({ models: null, limits: NO_LIMITS }),
  };
}
