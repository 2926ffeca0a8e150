import { Secret } from "../../secrets/mod.ts";

/** What every refresh token begins with. */
export const REFRESH_PREFIX = "ghr_";

/** A refresh token without its code: the n-th of a family. */
export interface RefreshToken {
  readonly familyId: string;
  readonly n: number;
}

/** One way to write each part: no leading zeros, no sign, a ULID in capitals, base64url without spare bits. */
const SHAPE = /^ghr_([0-7][0-9A-HJKMNP-TV-Z]{25})\.(0|[1-9]\d{0,14})\.([\w-]{42}[AEIMQUYcgkosw048])$/;

/** Writes a refresh token. It is derived, so whoever has the key can give the same one twice, and nothing secret is stored. */
export async function writeRefreshToken(key: CryptoKey, { familyId, n }: RefreshToken): Promise<Secret> {
  const body = `${familyId}.${n}`;
  const code = new Uint8Array(await crypto.subtle.sign("HMAC", key, new TextEncoder().encode(body)));
  return new Secret(`${REFRESH_PREFIX}${body}.${code.toBase64({ alphabet: "base64url", omitPadding: true })}`);
}

/** Reads a refresh token of ours; null: it is none. */
export async function readRefreshToken(key: CryptoKey, shown: Secret): Promise<RefreshToken | null> {
  const [, familyId, n] = SHAPE.exec(shown.reveal()) ?? [];
  if (familyId === undefined || n === undefined) return null;
  const token = { familyId, n: Number(n) };
  return shown.equals(await writeRefreshToken(key, token)) ? token : null;
}
