import type { Keys } from "../keys/keys.ts";
import { withLogin } from "../tokens/login_who.ts";
import type { Tokens } from "../tokens/tokens.ts";
import type { Users } from "../users/users.ts";
import { localWho, whoOf } from "../users/who_of.ts";
import { LOCAL_USER, LOCAL_USER_ID, type Who } from "../who.ts";
import type { TicketRecord } from "./ticket_record.ts";

/** What says who may pass now. */
export interface TicketRooms {
  /** Says who the user is now. */
  readonly users: Pick<Users, "current">;
  /** Says what the key is now. */
  readonly keys: Pick<Keys, "usable">;
  /** Says whether the login goes on. */
  readonly tokens: Pick<Tokens, "loginStands">;
}

/** Who a ticket is shown by, as of now; null: whoever asked for it may not pass any more. @param open whether the user `local` is one */
export async function judgeTicket(
  { users, keys, tokens }: TicketRooms,
  { userId, keyId, login }: TicketRecord,
  open: boolean,
): Promise<Who | null> {
  const key = keyId === null ? null : await keys.usable(keyId);
  if (keyId !== null && key?.userId !== userId) return null;
  if (userId === LOCAL_USER_ID) {
    if (!open) return null;
    return key === null ? LOCAL_USER : localWho(key);
  }
  if (login !== null && !await tokens.loginStands(login.familyId)) return null;
  const user = await users.current(userId);
  if (user === null || user.disabled || (login !== null && login.generation !== user.generation)) return null;
  const who = whoOf(user, "ticket", key);
  return login === null ? who : withLogin(who, login);
}
