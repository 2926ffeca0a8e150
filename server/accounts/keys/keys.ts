import type { Secret } from "../../secrets/mod.ts";
import type { Budget, Limits } from "../limits.ts";
import type { Page, PageOptions } from "../page.ts";

/** An API key as it is known after it was shown once: without its secret. */
export interface ApiKey {
  /** ULID. */
  readonly id: string;
  /** Whose it is; `local` is the implicit user of open mode. */
  readonly userId: string;
  /** What the owner calls it. */
  readonly name: string;
  /** What the key begins with (`gh_` and its prefix), to tell keys apart. */
  readonly start: string;
  /** The models it opens; null: all of its user's. */
  readonly models: readonly string[] | null;
  /** Narrow the limits of the user. */
  readonly limits: Limits;
  /** A disabled key is refused like a revoked one. */
  readonly disabled: boolean;
  /** Milliseconds since the epoch; null: never. */
  readonly expiresAt: number | null;
  /** Milliseconds since the epoch, late by a minute or so; null: not used yet. */
  readonly lastUsedAt: number | null;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
}

/** A key to be made. What is absent is null. */
export interface NewKey {
  /** Whose it will be; `local` is the implicit user of open mode. */
  readonly userId: string;
  /** What the owner calls it: 1 to 100 printable characters. */
  readonly name: string;
  /** The models it opens, at most 100 of 1 to 200 characters each; null: all of its user's. */
  readonly models?: readonly string[] | null;
  /** Requests in any 60 seconds, from 1 on; null: no limit of the key's own. */
  readonly rpm?: number | null;
  /** Tokens in any 60 seconds, from 1 on; null: no limit of the key's own. */
  readonly tpm?: number | null;
  /** What may be spent with it, in whole micro-units from 0 on; null: no limit of the key's own. */
  readonly budget?: Budget | null;
  /** Milliseconds since the epoch, in the future; null: never. */
  readonly expiresAt?: number | null;
}

/** What is to change; what is absent stays. The fields are held to the same rules as those of {@linkcode NewKey}. */
export interface KeyChange {
  /** What the owner calls it. */
  readonly name?: string;
  /** Whether it is refused from now on. */
  readonly disabled?: boolean;
  /** The models it opens; null: all of its user's. */
  readonly models?: readonly string[] | null;
  /** Requests in any 60 seconds; null: no limit of the key's own. */
  readonly rpm?: number | null;
  /** Tokens in any 60 seconds; null: no limit of the key's own. */
  readonly tpm?: number | null;
  /** What may be spent with it; null: no limit of the key's own. */
  readonly budget?: Budget | null;
  /** Milliseconds since the epoch, the past ends the key; null: never. */
  readonly expiresAt?: number | null;
}

/** The API keys of one install. Every method may throw `storage_unavailable`. */
export interface Keys {
  /**
   * Makes a key; `secret` is the whole key and is shown this once.
   *
   * @throws {GatehouseError} `invalid_field` with the `param` `name`, `models`, `rpm`, `tpm`, `budget` or `expires_at`
   */
  create(key: NewKey): Promise<{ readonly key: ApiKey; readonly secret: Secret }>;
  /** Reads a key; null: there is none. */
  get(id: string): Promise<ApiKey | null>;
  /** Reads a key by which its user may ask now; null: it is revoked, disabled, expired, or never was. Notes no use. */
  usable(id: string): Promise<ApiKey | null>;
  /** The keys of a user (null: of all), oldest first. @throws {GatehouseError} `invalid_field` (`cursor`) */
  list(userId: string | null, options: PageOptions): Promise<Page<ApiKey>>;
  /** Changes a key. @throws {GatehouseError} `not_found`, `invalid_field` as {@linkcode Keys.create} */
  change(id: string, change: KeyChange): Promise<ApiKey>;
  /** Revokes a key for good. @throws {GatehouseError} `not_found` */
  revoke(id: string): Promise<void>;
  /** Revokes all keys of a user, in bounded commits; one that was cut off is ended by the next. */
  revokeAllOf(userId: string): Promise<void>;
  /**
   * The key that was shown, from a copy that is less than a second old, at once where there is one. Notes the use.
   *
   * @throws {GatehouseError} `invalid_api_key`: malformed, unknown, wrong, disabled, revoked or expired, all told alike
   */
  verify(shown: Secret): ApiKey | Promise<ApiKey>;
  /** Writes what is not written yet (last uses), as far as the store lets it; never rejects. */
  close(): Promise<void>;
}
