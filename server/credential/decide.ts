import type { CredentialRecord } from "./record.ts";

/** What the situation under the lock is. */
export interface Situation {
  /** The access token the caller has, which failed or is ending. */
  readonly accessToken: string | null;
  /** Whether requests can still be served with it. */
  readonly works: boolean;
  readonly grant: "refresh_token" | "client_credentials";
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** Intents of this process whose request never left. */
  readonly unsent: ReadonlySet<string>;
}

export type Decision =
  /** Another process, a login or a seed brought a token: nothing is redeemed. */
  | { readonly kind: "use" }
  /** `losses`: answers to this refresh token that may have been lost before. */
  | { readonly kind: "redeem"; readonly losses: number }
  /** There is a doubt about the refresh token, and the old access token still works: not now. */
  | { readonly kind: "wait"; readonly reason: string }
  | { readonly kind: "reauth"; readonly reason: string; readonly persist: boolean };

/** What to do with the stored record, read under the lock. Pure. */
export function decide(
  record: CredentialRecord | null,
  { accessToken, works, grant, now, unsent }: Situation,
): Decision {
  if (record === null) {
    return grant === "client_credentials"
      ? { kind: "redeem", losses: 0 }
      : { kind: "reauth", reason: "no credential is stored", persist: false };
  }
  const alive = record.accessToken !== null && (record.expiresAt === null || now < record.expiresAt);
  if (alive && record.accessToken !== accessToken) return { kind: "use" };
  if (grant === "client_credentials") return { kind: "redeem", losses: 0 };
  if (record.reauth !== null) return { kind: "reauth", reason: record.reauth.reason, persist: false };
  if (record.refreshToken === null) {
    return { kind: "reauth", reason: "the access token has ended and there is no refresh token", persist: false };
  }
  if (record.intent === null || unsent.has(record.intent.id)) return { kind: "redeem", losses: 0 };
  // Left by a process that died, or by an answer that never came: the provider may have seen this refresh token.
  const losses = Math.max(1, record.intent.losses);
  if (losses >= 2) return { kind: "reauth", reason: "two answers in a row were lost", persist: true };
  if (works) {
    return { kind: "wait", reason: "the answer to a token request was lost; asking again when the access token ends" };
  }
  return { kind: "redeem", losses };
}
