import { type Timer, unlessAborted } from "../effects/mod.ts";
import { GatehouseError } from "../errors/mod.ts";
import { Secret } from "../secrets/mod.ts";
import type { Authorization, Credential, CredentialHealth } from "./credential.ts";
import { backoff, type Deadline, deadlineOf, MAX_TIMER, refreshDelay, remaining } from "./lifetime.ts";
import { type Failure, healthOf, LOGIN_FIX, type Need } from "./refresher_health.ts";
import type { RefresherOptions } from "./refresher_options.ts";
import type { CredentialRecord } from "./record.ts";
import { refresh, type RefreshContext, type RefreshOutcome, type Unsaved } from "./refresh.ts";
import { refused, unavailable } from "./refusals.ts";
import { adoptSeed } from "./seed.ts";
import { settled } from "./settled.ts";

/** The access token in memory: a copy of the store's that the hot path reads. */
interface Current {
  readonly authorization: Authorization;
  readonly accessToken: string;
  readonly deadline: Deadline | null;
  readonly lifetime: number | null;
  /** The upstream refused it, and a renewal is under way. */
  rejected: boolean;
}

/** The store is asked for a login elsewhere: often while one is needed, now and then otherwise. */
const WATCH_NEEDED = 1_000;
const WATCH_QUIET = 5_000;
/** A token that is refused so soon after a refused one was replaced will not get better by another redeem. */
const YOUNG = 30_000;
const SAVE_WITHIN = 2_000;
/** Between two tries, whatever `Retry-After` says; and the shortest lifetime that is renewed in the background. */
const SHORTEST_PAUSE = 1_000;

/** Keeps one OAuth2 credential alive: `credential.ts` says what it offers, `refresh.ts` does one renewal. */
export class Refresher implements Credential {
  readonly #options: RefresherOptions;
  readonly #context: RefreshContext;
  readonly #closing = new AbortController();
  #current: Current | null = null;
  #generation = 0;
  #version: string | null = null;
  #flight: Promise<void> | null = null;
  #failure: Failure | null = null;
  #need: Need | null = null;
  /** Resolves when the pair that is served from memory is stored. */
  #unsaved: Promise<void> | null = null;
  #lastRefreshAt: number | null = null;
  /** When a refused token was last replaced, on the monotonic clock: here or by another process, which may meet the same. */
  #mendedAt = -Infinity;
  #seeded = false;
  #renewTimer: Timer | null = null;
  #watchTimer: Timer | null = null;
  #health: CredentialHealth | null = null;

  constructor(options: RefresherOptions) {
    this.#options = options;
    const { store, locks, endpoint, settings, clock } = options;
    this.#context = {
      store,
      locks,
      endpoint,
      clock,
      grant: settings.grant,
      newId: options.newId,
      step: options.failpoint ?? (() => {}),
      unsent: new Set(),
    };
  }

  /**
   * Reads what is stored, adopts a seed that was never seen, and begins to renew in the background. Never waits for the
   * provider.
   *
   * @throws {UnsealError} when the stored record cannot be opened
   */
  async open(): Promise<void> {
    try {
      await this.#seed();
      await this.#readStore();
    } catch (error) {
      if (!(error instanceof GatehouseError)) throw error;
      this.#fail(error.message, null, false);
    }
    if (!this.#usable(this.#current) && this.#need === null) this.#renewSoon();
    this.#watch();
    this.#note();
  }

  authorize(signal: AbortSignal): Authorization | Promise<Authorization> {
    const current = this.#current;
    return this.#usable(current) && !current.rejected ? current.authorization : this.#wait(signal);
  }

  async rejected(generation: number, signal: AbortSignal): Promise<Authorization> {
    const current = this.#current;
    if (current?.authorization.generation !== generation) return await this.authorize(signal);
    if (this.#neverWorked(current) || this.#unsaved !== null) throw refused();
    if (this.#mayTry()) {
      current.rejected = true;
      await unlessAborted(this.#renew(), signal);
    }
    const next = this.#current;
    if (next !== current && this.#usable(next)) return next.authorization;
    throw this.#refusal() ?? refused();
  }

  health(): CredentialHealth {
    if (!this.#usable(this.#current) && this.#need === null && this.#mayTry()) this.#renewSoon();
    return this.#note();
  }

  secrets(): readonly string[] {
    return this.#current === null ? [] : [this.#current.accessToken];
  }

  async close(): Promise<void> {
    this.#closing.abort();
    const { clock } = this.#options;
    clock.clearTimeout(this.#renewTimer);
    clock.clearTimeout(this.#watchTimer);
    // What was sent is waited for: to leave would lose the provider's answer.
    if (this.#flight !== null) this.#options.log.info("waiting for the renewal under way, a minute at most");
    await this.#flight;
    await this.#unsaved;
  }

  #usable(current: Current | null): current is Current {
    return current !== null && remaining(current.deadline, this.#options.clock) > 0;
  }

  #neverWorked(current: Current): boolean {
    const young = current.lifetime === null ? YOUNG : Math.min(YOUNG, current.lifetime / 4);
    return this.#options.clock.monotonic() - this.#mendedAt < young;
  }

  #mayTry(): boolean {
    if (this.#flight !== null) return true;
    if (this.#need !== null || this.#unsaved !== null || this.#closing.signal.aborted) return false;
    if (this.#failure === null || (this.#failure.atEnd && !this.#usable(this.#current))) return true;
    return this.#options.clock.monotonic() >= this.#failure.nextAt;
  }

  async #wait(signal: AbortSignal): Promise<Authorization> {
    if (this.#mayTry()) await unlessAborted(this.#renew(), signal);
    const current = this.#current;
    if (this.#usable(current)) return current.authorization;
    throw this.#refusal() ?? unavailable(this.#options.upstream, "no access token could be had", 1);
  }

  /** Why there is no token, as the client is told it. */
  #refusal(): GatehouseError | null {
    const { upstream, clock } = this.#options;
    if (this.#need !== null) {
      return new GatehouseError(
        "reauth_required",
        `Cannot call the model: the credential of upstream ${upstream} needs a login (${this.#need.reason}); ${LOGIN_FIX}`,
      );
    }
    if (this.#unsaved !== null) return unavailable(upstream, "the renewed credential could not be stored yet", 5);
    if (this.#failure === null) return null;
    return unavailable(upstream, this.#failure.reason, Math.ceil((this.#failure.nextAt - clock.monotonic()) / 1000));
  }

  /** One flight for all callers; it never rejects, and a caller that leaves does not end it. */
  #renew(): Promise<void> {
    return this.#flight ??= this.#fly().finally(() => {
      this.#flight = null;
      if (this.#current !== null) this.#current.rejected = false;
      this.#note();
    });
  }

  /** Starts a renewal that nobody waits for. */
  #renewSoon(): void {
    if (this.#mayTry()) this.#renew();
  }

  async #fly(): Promise<void> {
    this.#note();
    const old = () => {
      const current = this.#current;
      return { accessToken: current?.accessToken ?? null, works: this.#usable(current) && !current.rejected };
    };
    let outcome: RefreshOutcome;
    try {
      await this.#seed();
      outcome = await refresh(this.#context, old, this.#closing.signal);
    } catch (error) {
      if (this.#closing.signal.aborted) return;
      // The store's own errors hold nothing secret; any other is not shown.
      const reason = error instanceof GatehouseError ? error.message : "the stored credential cannot be read";
      // Our own store is asked again soon: nobody else is burdened, and requests may be waiting for it.
      outcome = { kind: "passing", reason, retryAfter: WATCH_QUIET, atExpiry: false };
    }
    this.#apply(outcome);
  }

  #apply(outcome: RefreshOutcome): void {
    const { log, upstream, onRefresh, clock } = this.#options;
    const mends = outcome.kind === "current" || outcome.kind === "unsaved";
    if (mends && this.#current?.rejected === true) this.#mendedAt = clock.monotonic();
    switch (outcome.kind) {
      case "current":
        this.#version = outcome.stored.version;
        if (outcome.redeemed) this.#lastRefreshAt = clock.now();
        this.#adopt(outcome.stored.record);
        onRefresh?.(outcome.redeemed ? "renewed" : "adopted");
        log.info(outcome.redeemed ? "credential renewed" : "credential taken up from the store", {
          upstream,
          access_token: new Secret(outcome.stored.record.accessToken ?? ""),
          expires_at: iso(outcome.stored.record.expiresAt),
        });
        return;
      case "unsaved":
        this.#lastRefreshAt = clock.now();
        this.#adopt(outcome.record);
        this.#unsaved = this.#saveUntilStored(outcome);
        onRefresh?.("unsaved");
        log.error(
          "the renewed credential could not be stored: it is served from memory, and lost if this process dies",
          { upstream },
        );
        return;
      case "passing":
        this.#fail(outcome.reason, outcome.retryAfter, outcome.atExpiry);
        onRefresh?.("failed");
        log.warn("credential not renewed", { upstream, reason: outcome.reason });
        return;
      case "reauth":
        this.#needLogin(outcome);
        if (outcome.unsaved !== undefined) this.#unsaved = this.#saveUntilStored(outcome.unsaved);
        onRefresh?.("rejected");
    }
  }

  #adopt(record: CredentialRecord): void {
    const { clock } = this.#options;
    this.#failure = null;
    this.#need = null;
    if (record.reauth !== null) this.#needLogin({ ...record.reauth, refreshToken: record.refreshToken });
    if (record.accessToken === null) {
      this.#current = null;
      return;
    }
    const deadline = deadlineOf(record, clock);
    const lifetime = record.expiresAt === null ? null : record.expiresAt - record.obtainedAt;
    this.#current = {
      authorization: { headers: [["authorization", `Bearer ${record.accessToken}`]], generation: ++this.#generation },
      accessToken: record.accessToken,
      deadline,
      lifetime,
      rejected: false,
    };
    this.#plan(this.#current);
  }

  /** Sets the timer of the background renewal. */
  #plan({ deadline, lifetime }: Current): void {
    const { clock, random } = this.#options;
    const left = remaining(deadline, clock);
    // A token that is over when it comes, or nearly, would be renewed without pause: that is done on demand only.
    if (lifetime !== null && lifetime >= SHORTEST_PAUSE && left > 0) {
      this.#schedule(refreshDelay(left, lifetime, random()));
    }
  }

  #needLogin(need: Need): void {
    const { log, upstream } = this.#options;
    if (this.#need?.reason !== need.reason) {
      log.error(`a login is needed: ${LOGIN_FIX}`, { upstream, reason: need.reason });
    }
    this.#need = need;
    this.#failure = null;
    this.#watch();
  }

  #fail(reason: string, retryAfter: number | null, atExpiry: boolean): void {
    const { clock, random } = this.#options;
    const count = (this.#failure?.count ?? 0) + 1;
    const current = this.#current;
    const untilEnd = atExpiry && this.#usable(current) && !current.rejected ? remaining(current.deadline, clock) : 0;
    const pause = Math.max(SHORTEST_PAUSE, retryAfter ?? backoff(count, random()), Math.min(untilEnd, MAX_TIMER));
    this.#failure = { reason, count, nextAt: clock.monotonic() + pause, atEnd: untilEnd > 0 };
    this.#schedule(pause);
  }

  #schedule(ms: number): void {
    const { clock } = this.#options;
    clock.clearTimeout(this.#renewTimer);
    if (this.#closing.signal.aborted) return;
    const capped = Math.min(ms, MAX_TIMER);
    this.#renewTimer = clock.setTimeout(() => ms > capped ? this.#schedule(ms - capped) : this.#renewSoon(), capped);
  }

  /** The lock stays ours until the pair is stored: another process would redeem the spent token. */
  async #saveUntilStored({ store, held }: Unsaved): Promise<void> {
    const { clock, log, upstream } = this.#options;
    for (let failures = 1;; failures++) {
      // What is stored then, ours or a login's, is read by the next watch.
      if (await settled(store(), { clock, within: SAVE_WITHIN }) !== undefined) break;
      if (this.#closing.signal.aborted) {
        log.error("stopped before the renewed credential could be stored: a login will be needed", { upstream });
        break;
      }
      await new Promise<void>((resolve) => {
        const done = () => {
          clock.clearTimeout(timer);
          this.#closing.signal.removeEventListener("abort", done);
          resolve();
        };
        const timer = clock.setTimeout(done, backoff(failures, 0.5));
        this.#closing.signal.addEventListener("abort", done);
      });
    }
    this.#unsaved = null;
    await held.release();
    if (this.#current !== null) this.#plan(this.#current);
    this.#note();
  }

  async #seed(): Promise<void> {
    if (this.#seeded) return;
    if (await adoptSeed(this.#options)) {
      this.#options.log.info("a new credential seed was adopted", { upstream: this.#options.upstream });
    }
    this.#seeded = true;
  }

  /** Takes up what another process, a login or a logout left in the store. */
  async #readStore(): Promise<void> {
    const { store, clock } = this.#options;
    const before = this.#version;
    const stored = await store.load();
    // What was read before a renewal ended is older than what it brought.
    if (this.#flight !== null || this.#unsaved !== null || this.#version !== before) return;
    this.#version = stored?.version ?? null;
    if (stored === null) {
      if (this.#options.settings.grant === "client_credentials") return;
      this.#current = null;
      return this.#needLogin({
        since: this.#need?.since ?? clock.now(),
        reason: "no credential is stored",
        refreshToken: null,
      });
    }
    const { record } = stored;
    if (record.reauth !== null) this.#needLogin({ ...record.reauth, refreshToken: record.refreshToken });
    else if (this.#need !== null && this.#need.refreshToken !== record.refreshToken) this.#need = null;
    if (record.accessToken !== null && record.accessToken !== this.#current?.accessToken) this.#adopt(record);
    if (!this.#usable(this.#current)) this.#renewSoon();
  }

  #watch(): void {
    const { clock, store } = this.#options;
    clock.clearTimeout(this.#watchTimer);
    if (this.#closing.signal.aborted) return;
    this.#watchTimer = clock.setTimeout(async () => {
      try {
        if (this.#flight === null && await store.version() !== this.#version) await this.#readStore();
      } catch (error) {
        this.#options.log.warn("cannot look for a newer credential in the store", {
          reason: error instanceof Error ? error.name : "unknown",
        });
      }
      this.#note();
      this.#watch();
    }, this.#need !== null ? WATCH_NEEDED : WATCH_QUIET);
  }

  /** Brings the health up to date and reports a change of state. */
  #note(): CredentialHealth {
    const { clock, onState, upstream, log } = this.#options;
    const current = this.#current;
    const before = this.#health;
    const health = healthOf({
      now: clock.now(),
      usable: this.#usable(current),
      expiresAt: current?.deadline?.wall ?? null,
      unsaved: this.#unsaved !== null,
      failure: this.#failure,
      need: this.#need,
      lastRefreshAt: this.#lastRefreshAt,
      before,
    });
    this.#health = health;
    if (before?.state !== health.state) {
      onState?.(health.state);
      log.debug("credential state", { upstream, state: health.state });
    }
    return health;
  }
}

function iso(ms: number | null): string | null {
  return ms === null ? null : new Date(ms).toISOString();
}
