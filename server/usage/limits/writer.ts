import { type Clock, delay } from "../../effects/mod.ts";
import { GatehouseError } from "../../errors/mod.ts";
import type { Change, Store } from "../../storage/mod.ts";
import { subjectsOf } from "./operations.ts";
import { Outcomes } from "./outcomes.ts";
import { type Batch, type Plan, planBatch } from "./plan.ts";
import { type Known, RecordCache } from "./record_cache.ts";
import type { LimitRecord } from "./record.ts";
import type { Share } from "./shares.ts";

export interface WriterOptions {
  readonly store: Store;
  readonly clock: Clock;
  /** Spreads the pauses; from 0 up to 1. */
  readonly random: () => number;
  readonly shard: string;
  /** What this process holds, by the subject's name. */
  readonly shares: ReadonlyMap<string, Share>;
  /** Ends the pauses between tries, and the tries with them. */
  readonly signal: AbortSignal;
}

/** How long other processes' commits may come first, in milliseconds. */
const PATIENCE = 2_000;
const LONGEST_PAUSE = 32;

/** So long after another process was faster, commits leave room between them: else the fastest starves the others. */
const CONTENDED = 1_000;
const TURN = 4;

/** No window or period is longer: whoever is not heard of for so long, or was deleted, leaves nothing behind. In milliseconds. */
const KEPT_FOR = 32 * 86_400_000;

/** Makes a batch into one commit, decided anew as often as another process was faster. One batch at a time. */
export class Writer {
  readonly #o: WriterOptions;
  readonly #records: RecordCache;
  readonly #outcomes: Outcomes;
  #contendedUntil = -Infinity;
  #lastCommit = -Infinity;
  #open: { readonly number: number; readonly plan: Plan } | null = null;

  constructor(options: WriterOptions) {
    this.#o = options;
    this.#records = new RecordCache(options.store);
    this.#outcomes = new Outcomes(options.store, options.shard);
  }

  /** Whether the last commit may have happened or not: {@linkcode recover} must come first. */
  get inDoubt(): boolean {
    return this.#open !== null;
  }

  /** Waits, where other processes change the same records, until they had their turn. Never rejects. */
  async turn(): Promise<void> {
    const { clock, random, signal } = this.#o;
    const now = clock.monotonic();
    const pause = this.#lastCommit + TURN * (0.5 + random()) - now;
    if (now < this.#contendedUntil && pause > 0) await delay(clock, pause, signal).catch(() => {});
  }

  /**
   * Writes a batch.
   *
   * @returns what it came to
   * @throws {GatehouseError} `storage_unavailable`: nothing of it happened, unless `inDoubt` says otherwise
   */
  async write(batch: Batch): Promise<Plan> {
    const { clock, random, shard, shares, signal } = this.#o;
    const names = new Set([...batch.operations.flatMap(subjectsOf), ...batch.renewals]);
    const end = clock.monotonic() + PATIENCE;
    for (let tries = 0;; tries++) {
      const [known] = await Promise.all([this.#read(names), this.#outcomes.read()]);
      const plan = planBatch(batch, { records: recordsOf(known), shares, shard, now: clock.now() });
      const happened = await this.#commit(known, plan);
      this.#lastCommit = clock.monotonic();
      if (happened) return plan;
      this.#contendedUntil = this.#lastCommit + CONTENDED;
      this.#records.drop(names);
      this.#outcomes.doubt();
      const pause = Math.min(2 ** tries, LONGEST_PAUSE) * (0.5 + random());
      if (clock.monotonic() + pause > end) throw busy();
      await delay(clock, pause, signal);
    }
  }

  /**
   * Finds out what became of a commit whose answer was lost.
   *
   * @throws {GatehouseError} `storage_unavailable`: ask again
   */
  async recover(): Promise<{ readonly plan: Plan; readonly happened: boolean } | null> {
    if (this.#open === null) return null;
    const { number, plan } = this.#open;
    const happened = await this.#outcomes.ask(number);
    this.#open = null;
    return { plan, happened };
  }

  /** Leaves nothing of this process behind. @throws {GatehouseError} `storage_unavailable` */
  async leave(): Promise<void> {
    if (!this.inDoubt) await this.#outcomes.remove();
  }

  async #read(names: ReadonlySet<string>): Promise<ReadonlyMap<string, Known>> {
    const known = await this.#records.read(names);
    for (const [name, { record }] of known) {
      const share = this.#o.shares.get(name);
      if (share?.stored && record?.held[this.#o.shard] === undefined) share.wasFolded();
    }
    return known;
  }

  /** @returns false when a check failed */
  async #commit(known: ReadonlyMap<string, Known>, plan: Plan): Promise<boolean> {
    const checks = [...known].map(([name, { version }]) => ({ key: this.#records.keyOf(name), version }));
    if (plan.puts.size === 0) return await this.#o.store.commit({ checks }) !== null;

    const { number, change } = this.#outcomes.next();
    const puts = [...plan.puts].map(([name, value]) => ({
      key: this.#records.keyOf(name),
      value,
      expireIn: KEPT_FOR,
    }));
    const whole: Change = {
      checks: [...checks, ...change.checks ?? []],
      puts: [...puts, ...change.puts ?? []],
    };
    this.#open = { number, plan };
    let version: string | null;
    try {
      version = await this.#o.store.commit(whole);
    } catch (error) {
      this.#records.drop(known.keys());
      throw error;
    }
    this.#open = null;
    if (version === null) return false;
    this.#outcomes.happened(version);
    this.#records.wrote(plan.puts, version);
    return true;
  }
}

function recordsOf(known: ReadonlyMap<string, Known>): ReadonlyMap<string, LimitRecord | null> {
  return new Map([...known].map(([name, { record }]) => [name, record]));
}

function busy(): GatehouseError {
  const text = "Cannot admit this request: other processes kept changing its limits. Try again.";
  return new GatehouseError("storage_unavailable", text, { retryAfterSeconds: 1 });
}
