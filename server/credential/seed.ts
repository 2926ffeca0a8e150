import type { CredentialRecord } from "./record.ts";
import type { RefresherOptions } from "./refresher_options.ts";

/**
 * Adopts the seed of the settings unless it was adopted before: then it was spent or rotated away, and putting it back does
 * nothing. A lone access token is adopted only where nothing is stored.
 *
 * @returns whether the stored credential was replaced
 */
export async function adoptSeed(
  { settings, store, clock }: Pick<RefresherOptions, "settings" | "store" | "clock">,
): Promise<boolean> {
  const { grant, refreshToken, accessToken, accessTokenExpiresAt } = settings;
  if (grant !== "refresh_token") return false;
  const seed = refreshToken ?? accessToken;
  if (seed === null) return false;
  if (refreshToken === null && await store.load() !== null) return false;
  const now = clock.now();
  const record: CredentialRecord = {
    v: 1,
    refreshToken: refreshToken?.reveal() ?? null,
    accessToken: accessToken?.reveal() ?? null,
    expiresAt: accessTokenExpiresAt,
    obtainedAt: now,
    intent: null,
    reauth: null,
  };
  return await store.adopt(seed, record);
}
