import type { Clock } from "../effects/mod.ts";
import type { Held, Locks } from "../storage/mod.ts";
import type { CredentialStore, Stored } from "./credential_store.ts";
import { decide } from "./decide.ts";
import { type CredentialRecord, type Intent, type IssuedTokens, recordOf } from "./record.ts";
import { settled } from "./settled.ts";
import type { TokenEndpoint } from "./token_endpoint.ts";

/** The lines between which a process may die; named for the tests that kill it there. */
export type RefreshStep = "lock_taken" | "reread" | "intent_stored" | "redeemed" | "stored";

/** How one pass ended. */
export type RefreshOutcome =
  | { readonly kind: "current"; readonly stored: Stored; readonly redeemed: boolean }
  /** Redeemed, not stored: the lock stays ours until `store` has succeeded. */
  | {
    readonly kind: "unsaved";
    readonly record: CredentialRecord;
    readonly held: Held;
    readonly store: () => Promise<Stored | null>;
  }
  /** Try again after `retryAfter` milliseconds (null: the caller's own pause); `atExpiry`: not before the old token's end. */
  | {
    readonly kind: "passing";
    readonly reason: string;
    readonly retryAfter: number | null;
    readonly atExpiry: boolean;
  }
  /** `refreshToken`: the one that is over; another in the store lifts the need. */
  | {
    readonly kind: "reauth";
    readonly reason: string;
    readonly since: number;
    readonly refreshToken: string | null;
    /** That it is over could not be stored: the lock stays ours until it is, or another process would send it again. */
    readonly unsaved?: Unsaved;
  };

/** What is left to be stored, under the lock that is kept for it. */
export interface Unsaved {
  readonly held: Held;
  readonly store: () => Promise<unknown>;
}

export interface RefreshContext {
  readonly store: CredentialStore;
  readonly locks: Locks;
  readonly endpoint: TokenEndpoint;
  readonly grant: "refresh_token" | "client_credentials";
  readonly clock: Clock;
  readonly newId: () => string;
  readonly step: (step: RefreshStep) => void | Promise<void>;
  /** Intents that were stored but whose request never left: they are no doubt. */
  readonly unsent: Set<string>;
}

/** The access token the caller has: the one that failed or is ending. */
export interface OldToken {
  readonly accessToken: string | null;
  /** Whether requests can still be served with it. */
  readonly works: boolean;
}

/** Another process may hold the lock for as long as a provider takes; a caller is told to come back before that. */
const LOCK_PATIENCE = 10_000;
/** A pair that is not stored by then is served from memory, and the lock kept. */
const STORE_WITHIN = 2_000;

/**
 * One pass of the refresher: lock, read again, write the intent, redeem, store the pair, and only then hand it out.
 * Every line can be the last one of this process: what it leaves behind is either the old pair, the old pair with an
 * intent (a doubt, resolved by one retry), or the new pair.
 *
 * @param old a function, for the answer changes while the lock is waited for
 * @param closing gives up the wait for the lock; a request that was sent is never given up
 * @throws {GatehouseError} `storage_unavailable` before anything was sent
 */
export async function refresh(
  context: RefreshContext,
  old: () => OldToken,
  closing: AbortSignal,
): Promise<RefreshOutcome> {
  const held = await context.locks.acquire(context.store.name, { patience: LOCK_PATIENCE, signal: closing });
  if (held === null) return passing("another process is renewing the credential", 1000);
  let keep = false;
  try {
    await context.step("lock_taken");
    const outcome = await refreshLocked(context, old, held);
    keep = outcome.kind === "unsaved" || (outcome.kind === "reauth" && outcome.unsaved !== undefined);
    return outcome;
  } finally {
    if (!keep) await held.release();
  }
}

async function refreshLocked(context: RefreshContext, old: () => OldToken, held: Held): Promise<RefreshOutcome> {
  const { store, clock, grant, unsent } = context;
  const stored = await store.load();
  await context.step("reread");
  const decision = decide(stored?.record ?? null, { ...old(), grant, now: clock.now(), unsent });
  switch (decision.kind) {
    case "use":
      // Only a record that exists is ever decided to be used.
      return stored === null ? passing("the store is empty", null) : { kind: "current", stored, redeemed: false };
    case "reauth":
      if (decision.persist && stored !== null) return await needLogin(context, stored, decision.reason, held);
      return reauth(stored?.record ?? null, decision.reason, clock);
    case "wait":
      return { kind: "passing", reason: decision.reason, retryAfter: null, atExpiry: true };
    case "redeem":
      return await redeem(context, stored, decision.losses, held);
  }
}

async function redeem(
  context: RefreshContext,
  stored: Stored | null,
  losses: number,
  held: Held,
): Promise<RefreshOutcome> {
  const { store, clock, endpoint, unsent } = context;
  const before = stored?.record ?? null;
  let version = stored?.version ?? null;
  const obstacle = await endpoint.prepare();
  if (obstacle !== null) return passing(obstacle, null);
  const intent: Intent = { id: context.newId(), at: clock.now(), losses };
  const refreshToken = context.grant === "refresh_token" ? before?.refreshToken ?? null : null;
  if (before !== null && refreshToken !== null) {
    unsent.add(intent.id);
    version = await store.save({ ...before, intent }, version);
    if (version === null) return passing("the stored credential changed while it was about to be renewed", 0);
    await context.step("intent_stored");
    if (held.lost.aborted) {
      await clearIntent(context, before, version, intent.id);
      return passing("the lock was lost before the request was sent", null);
    }
    unsent.delete(intent.id);
  }

  const answer = await endpoint.redeem(refreshToken);
  await context.step("redeemed");
  switch (answer.kind) {
    case "tokens":
      return await keepTokens(context, answer.tokens, before, version, held);
    case "not_sent":
    case "busy":
    case "refused": {
      if (before !== null && refreshToken !== null) await clearIntent(context, before, version, intent.id);
      if (answer.kind === "refused") {
        return reauth(before, `${answer.reason}: the client or its settings are refused`, clock);
      }
      return passing(answer.reason, answer.kind === "busy" ? answer.retryAfter : null);
    }
    case "lost": {
      if (before === null || refreshToken === null) return passing(answer.reason, null);
      const doubt: CredentialRecord = { ...before, intent: { ...intent, losses: losses + 1 } };
      version = await settled(store.save(doubt, version)) ?? version;
      if (losses + 1 < 2) return { kind: "passing", reason: answer.reason, retryAfter: null, atExpiry: true };
      return await needLogin(
        context,
        { record: doubt, version: version ?? "" },
        `two answers in a row were lost (${answer.reason})`,
        held,
      );
    }
    case "unreadable":
    case "grant_over": {
      const now = await settled(store.load());
      // A race, not an end: somebody else's pair is there.
      if (now && now.record.refreshToken !== refreshToken) return { kind: "current", stored: now, redeemed: false };
      if (before === null || refreshToken === null) {
        return answer.kind === "unreadable" ? passing(answer.reason, null) : reauth(before, answer.reason, clock);
      }
      return await needLogin(context, now ?? { record: before, version: version ?? "" }, answer.reason, held);
    }
  }
}

async function keepTokens(
  context: RefreshContext,
  tokens: IssuedTokens,
  before: CredentialRecord | null,
  expected: string | null,
  held: Held,
): Promise<RefreshOutcome> {
  const { clock } = context;
  const record = recordOf(tokens, before);
  const store = () => storePair(context.store, record, before, expected);
  const stored = await settled(store(), { clock, within: STORE_WITHIN });
  if (stored === undefined) return { kind: "unsaved", record, held, store };
  if (stored === null) return reauth(null, "no credential is stored", clock);
  const redeemed = stored.record === record;
  if (redeemed) await context.step("stored");
  return { kind: "current", stored, redeemed };
}

/**
 * Stores a new pair over the one it came from. A login or a logout elsewhere is the newer will, and stays.
 *
 * @returns what is stored now: the new pair, or a login's; null after a logout
 */
async function storePair(
  store: CredentialStore,
  record: CredentialRecord,
  before: CredentialRecord | null,
  expected: string | null,
): Promise<Stored | null> {
  for (;;) {
    const version = await store.save(record, expected);
    if (version !== null) return { record, version };
    const now = await store.load();
    if (now === null && before !== null) return null;
    // An earlier write of ours whose answer was lost.
    if (now?.record.accessToken === record.accessToken) return { record, version: now.version };
    if (now !== null && now.record.refreshToken !== before?.refreshToken) return now;
    expected = now?.version ?? null;
  }
}

/** The provider is not asked again, by this process or the next: the reason is stored with the credential, nothing is deleted. */
async function needLogin(
  { store, clock }: RefreshContext,
  { record, version }: Stored,
  reason: string,
  held: Held,
): Promise<RefreshOutcome> {
  const over: CredentialRecord = { ...record, intent: null, reauth: record.reauth ?? { since: clock.now(), reason } };
  const mark = () => storeMark(store, over, version);
  const stored = await settled(mark(), { clock, within: STORE_WITHIN });
  const outcome = reauth(over, reason, clock);
  return stored === undefined ? { ...outcome, unsaved: { held, store: mark } } : outcome;
}

/** Stores that a refresh token is over, unless a login or a logout elsewhere has replaced it. */
async function storeMark(store: CredentialStore, over: CredentialRecord, expected: string): Promise<true> {
  for (let version = expected;;) {
    if (await store.save(over, version) !== null) return true;
    const now = await store.load();
    if (now === null || now.record.refreshToken !== over.refreshToken || now.record.reauth !== null) return true;
    version = now.version;
  }
}

function reauth(
  record: CredentialRecord | null,
  reason: string,
  clock: Clock,
): Extract<RefreshOutcome, { kind: "reauth" }> {
  return {
    kind: "reauth",
    reason: record?.reauth?.reason ?? reason,
    since: record?.reauth?.since ?? clock.now(),
    refreshToken: record?.refreshToken ?? null,
  };
}

async function clearIntent(
  { store, unsent }: RefreshContext,
  before: CredentialRecord,
  version: string | null,
  id: string,
): Promise<void> {
  // Should this fail, the intent that stays behind is known to be no doubt.
  unsent.add(id);
  await settled(store.save(before, version));
}

function passing(reason: string, retryAfter: number | null): RefreshOutcome {
  return { kind: "passing", reason, retryAfter, atExpiry: false };
}
