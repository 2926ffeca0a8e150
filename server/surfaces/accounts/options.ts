import type { Keys, Tokens, Users } from "../../accounts/mod.ts";
import type { RemoteLogins } from "../../credential/mod.ts";

/** What accounts stand on. */
export interface AccountOptions {
  /** The users of this install. */
  readonly users: Users;
  /** Their API keys. */
  readonly keys: Keys;
  /** Their logins. */
  readonly tokens: Tokens;
  /** Logins to the upstream. */
  readonly logins: RemoteLogins;
  /** Whether anybody may register, or administrators alone make users. */
  readonly registration: "open" | "closed";
  /** When the install was made, in milliseconds since the epoch: open mode's user is as old. */
  readonly installedAt: number;
  /** The longest request body of all routes, in bytes; the ones here take {@linkcode ACCOUNT_BODY} at most. */
  readonly maxBodyBytes: number;
}

/** No body here has reason to be longer, in bytes; some are read before anybody has shown who they are. */
export const ACCOUNT_BODY = 64 * 1024;
