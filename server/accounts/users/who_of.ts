import type { ApiKey } from "../keys/keys.ts";
import { isLimited, type LimitedSubject } from "../limits.ts";
import { LOCAL_USER_ID, type Via, type Who } from "../who.ts";
import type { User } from "./users.ts";

/** A user as the one who asks: what a key narrows comes on top, and a key never makes an admin. */
export function whoOf(user: User, via: Via, key: ApiKey | null): Who {
  return {
    userId: user.id,
    role: key === null ? user.role : "user",
    via,
    keyId: key?.id ?? null,
    models: listsOf(user.models, key?.models ?? null),
    limited: [...limited("user", user), ...(key === null ? [] : limited("key", key))],
    ticketFor: null,
  };
}

/** The implicit user `local` as the one who asks by a key. */
export function localWho(key: ApiKey): Who {
  return {
    userId: LOCAL_USER_ID,
    role: "user",
    via: "api_key",
    keyId: key.id,
    models: listsOf(null, key.models),
    limited: limited("key", key),
    ticketFor: null,
  };
}

const NONE: readonly never[] = [];

function limited(kind: "user" | "key", { id, limits }: Pick<User, "id" | "limits">): readonly LimitedSubject[] {
  return isLimited(limits) ? [{ kind, id, limits }] : NONE;
}

function listsOf(...lists: readonly (readonly string[] | null)[]): Who["models"] {
  return lists.every((list) => list === null) ? NONE : lists.filter((list) => list !== null);
}
