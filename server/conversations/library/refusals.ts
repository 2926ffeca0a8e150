import { GatehouseError } from "../../errors/mod.ts";

/** The session is not there, or not the user's. */
export function noSession(action: string): GatehouseError {
  return new GatehouseError(
    "not_found",
    `Cannot ${action}: there is no such session; it may have been deleted. List the sessions, or begin a new one`,
  );
}

/** The user has no sessions any more, and gets no new ones. */
export function userGone(): GatehouseError {
  return new GatehouseError("not_found", "Cannot make this session: its user was removed; register anew");
}

/** The turn is not the session's any more. */
export function noTurn(): GatehouseError {
  return new GatehouseError(
    "not_found",
    "Cannot go on with this turn: its session was deleted, or another process has ended it; read the history",
  );
}

/** Another turn runs, or was quicker. */
export function busy(): GatehouseError {
  return new GatehouseError(
    "session_busy",
    "Cannot begin a turn: another one runs in this session, or was quicker; wait for its end, or stop it",
  );
}

/** The message that a turn is to go on from before is not the session's. */
export function nothingToReplace(): GatehouseError {
  return new GatehouseError(
    "not_found",
    "Cannot go on from before the message of `replace_from`: this session has no such message; name one of its history",
    { param: "replace_from" },
  );
}

/** A field is wrong. */
export function invalidField(param: string, message: string): GatehouseError {
  return new GatehouseError("invalid_field", message, { param });
}
