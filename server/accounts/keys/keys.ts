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

/** A key to be made. */
export interface NewKey {
  readonly userId: string;
  readonly name: string;
  readonly models?: readonly string[] | null;
  readonly rpm?: number | null;
  readonly tpm?: number | null;
  readonly budget?: Budget | null;
  /** Milliseconds since the epoch. */
  readonly expiresAt?: number | null;
}

/** What is to change; what is absent stays. */
export interface KeyChange {
  readonly name?: string;
  readonly disabled?: boolean;
  readonly models?: readonly string[] | null;
  readonly rpm?: number | null;
  readonly tpm?: number | null;
  readonly budget?: Budget | null;
  readonly expiresAt?: number | null;
}

/** The API keys of one install. Every method may throw `storage_unavailable`. */
export interface Keys {
  /** Makes a key; `secret` is the whole key and is shown this once. */
  create(key: NewKey): Promise<{ readonly key: ApiKey; readonly secret: Secret }>;
  /** Reads a key; null: there is none. */
  get(id: string): Promise<ApiKey | null>;
  /** The keys of a user (null: of all), oldest first. @throws {GatehouseError} `invalid_field` (`cursor`) */
  list(userId: string | null, options: PageOptions): Promise<Page<ApiKey>>;
  /** Changes a key. @throws {GatehouseError} `not_found` */
  change(id: string, change: KeyChange): Promise<ApiKey>;
  /** Revokes a key for good. @throws {GatehouseError} `not_found` */
  revoke(id: string): Promise<void>;
  /** Revokes all keys of a user, in bounded commits. */
  revokeAllOf(userId: string): Promise<void>;
  /**
   * The key that was shown, from a copy that is less than a second old, at once where there is one. Notes the use.
   *
   * @throws {GatehouseError} `invalid_api_key`: malformed, unknown, wrong, disabled, revoked or expired, all told alike
   */
  verify(shown: Secret): ApiKey | Promise<ApiKey>;
  /** Writes what is not written yet (last uses). */
  close(): Promise<void>;
}
