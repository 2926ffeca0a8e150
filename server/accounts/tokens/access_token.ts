import { Secret } from "../../secrets/mod.ts";
import type { TokenClaims } from "./tokens.ts";

/** What an access token is made of and judged by. */
export interface AccessTokenRules {
  readonly key: CryptoKey;
  /** The install's id. */
  readonly issuer: string;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** What a well-signed access token of ours says. */
export interface AccessToken {
  readonly claims: TokenClaims;
  /** Milliseconds since the epoch. */
  readonly expiresAt: number;
}

/** No token of ours is longer; what is, is not worth a hash. */
export const LONGEST_TOKEN = 4096;

const ALGORITHM = "HS256";
const TYPE = "at+jwt";
const AUDIENCE = "gatehouse";
/** Three parts; the last is 32 bytes in the one way that base64url has for them. */
const SHAPE = /^[\w-]+\.[\w-]+\.[\w-]{42}[AEIMQUYcgkosw048]$/;

/** Signs an access token (a JWT after RFC 9068). @param expiresIn in seconds */
export async function signAccessToken(
  { key, issuer, now }: AccessTokenRules,
  { claims, id, expiresIn }: { readonly claims: TokenClaims; readonly id: string; readonly expiresIn: number },
): Promise<Secret> {
  const { SignJWT } = await import("jose");
  const issuedAt = Math.floor(now / 1000);
  const jwt = await new SignJWT({ family: claims.familyId, generation: claims.generation })
    .setProtectedHeader({ alg: ALGORITHM, typ: TYPE })
    .setIssuer(issuer)
    .setAudience(AUDIENCE)
    .setSubject(claims.userId)
    .setIssuedAt(issuedAt)
    .setExpirationTime(issuedAt + expiresIn)
    .setJti(id)
    .sign(key);
  return new Secret(jwt);
}

/** What the text says if it is a well-signed access token of ours, one that has expired included; else null. */
export async function readAccessToken(
  { key, issuer, now }: AccessTokenRules,
  text: string,
): Promise<AccessToken | null> {
  if (text.length > LONGEST_TOKEN || !SHAPE.test(text)) return null;
  const { errors, jwtVerify } = await import("jose");
  const rules = {
    algorithms: [ALGORITHM],
    typ: TYPE,
    issuer,
    audience: AUDIENCE,
    requiredClaims: ["sub", "iat", "exp", "jti", "family", "generation"],
    currentDate: new Date(now),
  };
  try {
    return accessTokenOf((await jwtVerify(text, key, rules)).payload);
  } catch (error) {
    // jose looks at the expiry after everything else, so what it says of an expired token is well signed too.
    return error instanceof errors.JWTExpired ? accessTokenOf(error.payload) : null;
  }
}

function accessTokenOf({ sub, family, generation, exp }: Readonly<Record<string, unknown>>): AccessToken | null {
  if (typeof sub !== "string" || typeof family !== "string") return null;
  if (typeof generation !== "number" || typeof exp !== "number") return null;
  return { claims: { userId: sub, familyId: family, generation }, expiresAt: exp * 1000 };
}
