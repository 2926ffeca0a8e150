import type { Clock } from "../../effects/mod.ts";
import { OUTLASTS } from "../fresh.ts";
import { GatehouseError } from "../../errors/mod.ts";
import type { Secret } from "../../secrets/mod.ts";
import type { RandomBytes, Store, Vault } from "../../storage/mod.ts";
import type { Logger } from "../../telemetry/mod.ts";
import type { Install } from "../install.ts";
import type { User } from "../users/users.ts";
import { type AccessToken, LONGEST_TOKEN, readAccessToken, signAccessToken } from "./access_token.ts";
import { claimedIssuer } from "./claimed_issuer.ts";
import { createFamilies } from "./families.ts";
import { type Family, meaningOf } from "./family.ts";
import { createKnownTokens } from "./known_tokens.ts";
import { readRefreshToken, REFRESH_PREFIX, writeRefreshToken } from "./refresh_token.ts";
import { signingKeys } from "./signing_keys.ts";
import type { Grant, TokenClaims, Tokens } from "./tokens.ts";

/** What {@linkcode openTokens} needs. */
export interface OpenTokensOptions {
  /** Where logins are kept, and the signing key. */
  readonly store: Store;
  /** Seals the signing key. */
  readonly vault: Vault;
  /** Dates the tokens. */
  readonly clock: Clock;
  /** Makes a ULID. */
  readonly newId: () => string;
  /** Whose tokens they are. */
  readonly install: Install;
  /** Signs instead of a key of our own; null: one is made at first use, and kept. */
  readonly secret: Secret | null;
  /** How long an access token is good for, in milliseconds. */
  readonly accessTokenExpire: number;
  /** Reads a user, at every rotation; null: there is none. */
  readonly user: (id: string) => Promise<User | null>;
  /** Told when a refresh token is used again too late, and when the signing key cannot be opened. */
  readonly log: Logger;
  /** For how long copies are served on while the store does not answer, in milliseconds. @default {30000} */
  readonly outlasts?: number;
  /** Unpredictable bytes. @default {crypto.getRandomValues} */
  readonly random?: RandomBytes;
}

/** A login that nobody renews ends after so long: 30 days. */
const FAMILY_LIFETIME = 30 * 24 * 60 * 60 * 1000;

/** The tokens of an install. Nothing is read before one is needed. */
export function openTokens(
  {
    store,
    vault,
    clock,
    newId,
    install,
    secret,
    accessTokenExpire,
    user,
    log,
    outlasts = OUTLASTS,
    random = (length) => crypto.getRandomValues(new Uint8Array(length)),
  }: OpenTokensOptions,
): Tokens {
  const keys = signingKeys({ store, vault, secret, random, log });
  const families = createFamilies({ store, clock, outlasts });
  const known = createKnownTokens();
  const expiresIn = Math.max(1, Math.floor(accessTokenExpire / 1000));
  const lifetime = Math.max(FAMILY_LIFETIME, accessTokenExpire);

  async function grantOf(familyId: string, { userId, generation, n }: Family): Promise<Grant> {
    const { access, refresh } = await keys();
    const rules = { key: access, issuer: install.id, now: clock.now() };
    const claims: TokenClaims = { userId, familyId, generation };
    return {
      accessToken: await signAccessToken(rules, { claims, id: newId(), expiresIn }),
      expiresIn,
      refreshToken: await writeRefreshToken(refresh, { familyId, n }),
    };
  }

  async function read(text: string): Promise<AccessToken | null> {
    return await readAccessToken({ key: (await keys()).access, issuer: install.id, now: clock.now() }, text);
  }

  async function verifyUnknown(text: string): Promise<TokenClaims> {
    const token = await read(text);
    if (token === null) throw refused();
    known.add(text, token);
    return await stands(token);
  }

  function stands({ claims, expiresAt }: AccessToken): TokenClaims | Promise<TokenClaims> {
    if (expiresAt <= clock.now()) throw expired();
    const judge = (family: Family | null): TokenClaims => {
      if (family === null) throw refused();
      return claims;
    };
    const family = families.current(claims.familyId);
    return family instanceof Promise ? family.then(judge) : judge(family);
  }

  return {
    async issue({ id: userId, generation }) {
      await keys();
      const now = clock.now();
      const family = { userId, generation, n: 0, rotatedAt: now, createdAt: now, expiresAt: now + lifetime };
      const id = newId();
      await families.create(id, family);
      return await grantOf(id, family);
    },
    async refresh(shown) {
      const token = await readRefreshToken((await keys()).refresh, shown);
      if (token === null) throw notGranted("it is none of this server's");
      const { familyId, n } = token;
      // A second round follows a lost race alone, and then finds another family than it lost with.
      for (;;) {
        const stored = await families.read(familyId);
        if (stored === null) throw notGranted("its login has ended");
        const { family } = stored;
        const owner = await user(family.userId);
        if (owner === null || owner.disabled || owner.generation !== family.generation) {
          await families.revoke(familyId, family.userId);
          throw notGranted("its user may not log in, or has a new password");
        }
        const now = clock.now();
        const meaning = meaningOf(n, family, now);
        if (meaning === "repeat") return await grantOf(familyId, family);
        if (meaning === "revoke") {
          await families.revoke(familyId, family.userId);
          log.warn("a refresh token was used again: its login is revoked", { user: family.userId, family: familyId });
          throw notGranted("it was used before, so its login has been ended");
        }
        const next = { ...family, n: n + 1, rotatedAt: now, expiresAt: now + lifetime };
        if (await families.rotate(stored, next)) return await grantOf(familyId, next);
      }
    },
    async revoke(shown) {
      const { refresh } = await keys();
      const familyId = (await readRefreshToken(refresh, shown))?.familyId ??
        (await read(shown.reveal()))?.claims.familyId;
      const stored = familyId === undefined ? null : await families.read(familyId);
      if (stored !== null) await families.revoke(stored.id, stored.family.userId);
    },
    loginStands(familyId) {
      const family = families.current(familyId);
      return family instanceof Promise ? family.then((read) => read !== null) : family !== null;
    },
    revokeAllOf: (userId) => families.revokeAllOf(userId),
    isOurs: (bearer) => bearer.startsWith(REFRESH_PREFIX) || claimedIssuer(bearer) === install.id,
    verify(bearer) {
      const text = bearer.reveal();
      if (text.length > LONGEST_TOKEN) throw refused();
      const token = known.get(text);
      return token === null ? verifyUnknown(text) : stands(token);
    },
  };
}

function expired(): GatehouseError {
  return new GatehouseError(
    "invalid_token",
    "Cannot answer this request: the access token has expired; refresh it at POST /token",
  );
}

function refused(): GatehouseError {
  return new GatehouseError(
    "invalid_token",
    "Cannot answer this request: the access token is malformed, was revoked, or is not this server's; log in again at POST /token",
  );
}

function notGranted(reason: string): GatehouseError {
  return new GatehouseError(
    "invalid_grant",
    `Cannot refresh: the refresh token is not accepted, for ${reason}; log in again at POST /token`,
  );
}
