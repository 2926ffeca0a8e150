import type { Clock } from "../effects/mod.ts";
import type { AccountSettings } from "../settings/mod.ts";
import type { Store, Vault } from "../storage/mod.ts";
import type { Logger } from "../telemetry/mod.ts";
import { type Install, openInstall } from "./install.ts";
import type { Keys } from "./keys/keys.ts";
import { openKeys } from "./keys/open_keys.ts";
import type { PasswordHasher } from "./passwords/hasher.ts";
import { createTickets } from "./tickets/create_tickets.ts";
import type { Tickets } from "./tickets/tickets.ts";
import { openTokens } from "./tokens/open_tokens.ts";
import type { Tokens } from "./tokens/tokens.ts";
import { openUsers } from "./users/open_users.ts";
import type { Eraser } from "./users/removals.ts";
import type { Users } from "./users/users.ts";

/** Everybody who may pass, and what they show. */
export interface Accounts {
  /** Which install this is. */
  readonly install: Install;
  /** Users and their passwords. */
  readonly users: Users;
  /** API keys. */
  readonly keys: Keys;
  /** Access and refresh tokens of our own. */
  readonly tokens: Tokens;
  /** Tickets for WebSockets. */
  readonly tickets: Tickets;
  /** Writes what is not written yet, and ends the password worker. */
  close(): Promise<void>;
}

/** What {@linkcode openAccounts} needs. */
export interface AccountsOptions {
  /** Signing secret and lifetimes. */
  readonly settings: AccountSettings;
  /** Whether other machines use the store too. */
  readonly isRemote: boolean;
  /** Where they are kept. */
  readonly store: Store;
  /** Seals the signing key. */
  readonly vault: Vault;
  /** Times expiry, attempts and copies. */
  readonly clock: Clock;
  /** Told of what an operator should know; never of a secret. */
  readonly log: Logger;
  /** Makes ULIDs. */
  readonly newId: () => string;
  /** Turns passwords into what is stored; closed with the accounts. */
  readonly hasher: PasswordHasher;
  /** Deletes what other rooms keep of a user who is removed. */
  readonly erasers: readonly Eraser[];
}

/** A remote store may be out of reach from here alone, and others revoke through it. In milliseconds. */
const OUTLASTS_REMOTE = 5_000;

/** Opens the accounts of an install. @throws {GatehouseError} `storage_unavailable` */
export async function openAccounts(options: AccountsOptions): Promise<Accounts> {
  const { settings, store, vault, clock, log, newId, hasher } = options;
  const copies = options.isRemote ? { outlasts: OUTLASTS_REMOTE } : {};
  const install = await openInstall({ store, newId, clock });
  const keys = openKeys({ store, clock, newId, log, ...copies });
  const tokens: Tokens = openTokens({
    store,
    vault,
    clock,
    newId,
    install,
    secret: settings.jwtSecret,
    accessTokenExpire: settings.accessTokenExpire,
    user: (id) => users.get(id),
    log,
    ...copies,
  });
  const users: Users = openUsers({
    store,
    clock,
    hasher,
    newId,
    log,
    ...copies,
    erasers: [(userId) => tokens.revokeAllOf(userId), (userId) => keys.revokeAllOf(userId), ...options.erasers],
  });
  return {
    install,
    users,
    keys,
    tokens,
    tickets: createTickets({ store, clock, users, keys, tokens }),
    async close() {
      hasher.close();
      await keys.close();
    },
  };
}
