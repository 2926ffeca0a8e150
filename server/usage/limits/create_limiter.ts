import { type Clock, delay, type Timer } from "../../effects/mod.ts";
import { GatehouseError } from "../../errors/mod.ts";
import type { Store } from "../../storage/mod.ts";
import type { Logger } from "../../telemetry/mod.ts";
import type { Limiter, Reservation, Used, Wish } from "../limiter.ts";
import { type Grant, type Operation } from "./operations.ts";
import type { Plan } from "./plan.ts";
import { type Share, wholeUp } from "./shares.ts";
import { takeOver } from "./take_over.ts";
import { Waiting } from "./waiting.ts";
import { Writer } from "./writer.ts";

/** What {@linkcode createLimiter} needs. */
export interface LimiterOptions {
  /** Where the counts lie; all processes on it share the limits. */
  readonly store: Store;
  /** Dates the counts, and times what is written behind. */
  readonly clock: Clock;
  /** Spreads the pauses between tries; from 0 up to 1. */
  readonly random: () => number;
  /** Hears of commits that fail. */
  readonly log: Logger;
  /** Names this process among all on the store, unlike any that lives at the same time. */
  readonly shard: string;
}

/** Settlements wait so long for company, in milliseconds. */
const WRITE_BEHIND = 100;
/** So long after a failure. */
const RETRY = 500;
/** How often the entries of open calls are renewed: three times before they count as dead. */
const RENEW = 5_000;
/** How long closing may take. */
const CLOSING = 3_000;

/**
 * Makes a limiter that is exact across all processes on the store. All that waits in this process goes into one commit
 * at a time.
 */
export function createLimiter(options: LimiterOptions): Limiter {
  return new GroupedLimiter(options);
}

class GroupedLimiter implements Limiter {
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #shard: string;
  readonly #writer: Writer;
  readonly #waiting = new Waiting();
  readonly #shares = new Map<string, Share>();
  /** Subjects whose entries are to be renewed. */
  readonly #due = new Set<string>();
  /** Aborted when closing has taken too long. */
  readonly #over = new AbortController();
  #pumping: Promise<void> | null = null;
  #failing = false;
  #closed = false;
  #writeBehind: Timer = null;
  #renewal: Timer = null;

  constructor({ store, clock, random, log, shard }: LimiterOptions) {
    this.#clock = clock;
    this.#log = log;
    this.#shard = shard;
    this.#writer = new Writer({ store, clock, random, shard, shares: this.#shares, signal: this.#over.signal });
  }

  async reserve(wish: Wish, running: () => Used, signal: AbortSignal): Promise<Reservation> {
    signal.throwIfAborted();
    demandPrice(wish);
    if (this.#closed) throw new GatehouseError("draining", "Cannot admit this request: the server is stopping.");
    const ask = { tokens: wholeUp(wish.tokens), micros: wholeUp(wish.micros ?? 0) };
    const { promise, resolve, reject } = Promise.withResolvers<Grant>();
    const operation = {
      type: "reserve" as const,
      subjects: wish.subjects,
      ask,
      running,
      answered: false,
      grant(grant: Grant) {
        operation.answered = true;
        resolve(grant);
      },
      refuse(error: unknown) {
        operation.answered = true;
        reject(error);
      },
    };
    const leave = () => operation.refuse(signal.reason);
    signal.addEventListener("abort", leave, { once: true });
    this.#waiting.add(operation);
    this.#pump();
    try {
      return this.#reservation(await promise);
    } finally {
      signal.removeEventListener("abort", leave);
    }
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#stopTimers();
    // What is still open then is spent as far as it is used when others find us gone.
    for (const name of this.#shares.keys()) this.#due.add(name);
    const bound = delay(this.#clock, CLOSING, this.#over.signal).catch(() => {});
    await Promise.race([bound, this.#drain(this.#over.signal)]);
    this.#over.abort(new GatehouseError("draining", "Cannot admit this request: the server is stopping."));
    await bound;
  }

  async #drain(over: AbortSignal): Promise<void> {
    try {
      while (
        !over.aborted && (this.#pumping !== null || this.#waiting.size + this.#due.size > 0 || this.#writer.inDoubt)
      ) {
        await this.#pump();
        if (this.#failing) await delay(this.#clock, WRITE_BEHIND, over);
      }
      if (!over.aborted) await this.#writer.leave();
    } catch {
      return; // out of time, or the mark stays until it expires
    }
  }

  #reservation({ holds, headers }: Grant): Reservation {
    let settled = false;
    return {
      headers,
      settle: (used) => {
        if (settled) return;
        settled = true;
        this.#behind({ type: "settle", holds, used });
      },
    };
  }

  #behind(operation: Operation): void {
    this.#waiting.add(operation);
    this.#arm(WRITE_BEHIND);
  }

  /** Sees to it that what waits is written after `ms`, unless something is sooner. */
  #arm(ms: number): void {
    if (this.#closed || this.#pumping !== null) return;
    this.#writeBehind ??= this.#clock.setTimeout(() => {
      this.#writeBehind = null;
      this.#pump();
    }, ms);
  }

  /** Writes until nobody waits for an answer. Never rejects. */
  #pump(): Promise<void> {
    this.#pumping ??= this.#run().finally(() => {
      this.#pumping = null;
      if (this.#waiting.urgent) this.#pump();
      else if (this.#waiting.size + this.#due.size > 0 || this.#writer.inDoubt) {
        this.#arm(this.#failing ? RETRY : WRITE_BEHIND);
      }
    });
    return this.#pumping;
  }

  async #run(): Promise<void> {
    do {
      await this.#writer.turn(); // whoever asks meanwhile, or in this turn of the loop, shares the commit
      if (await this.#recover()) await this.#round();
    } while (this.#waiting.urgent);
  }

  /** @returns false: what became of the last commit is still not known */
  async #recover(): Promise<boolean> {
    try {
      const recovered = await this.#writer.recover();
      if (recovered?.happened) this.#happened(recovered.plan);
      else if (recovered !== null) this.#waiting.putBack(recovered.plan.settled);
      return true;
    } catch (error) {
      this.#failed(error);
      for (const operation of this.#waiting.takeReserves()) operation.refuse(unavailable(error));
      return false;
    }
  }

  async #round(): Promise<void> {
    const batch = this.#waiting.take(this.#due);
    if (batch.operations.length + batch.renewals.size === 0) return;
    try {
      const plan = await this.#writer.write(batch);
      for (const name of batch.renewals) this.#due.delete(name);
      this.#happened(plan);
      if (this.#failing) this.#log.info("limits are counted again");
      this.#failing = false;
    } catch (error) {
      this.#failed(error);
      const settlements = batch.operations.filter((one) => one.type === "settle");
      if (!this.#writer.inDoubt) this.#waiting.putBack(settlements);
      for (const one of batch.operations) if (one.type === "reserve") one.refuse(unavailable(error));
    }
  }

  /** A plan's commit happened: takes over what it says, and answers. */
  #happened(plan: Plan): void {
    takeOver(plan, this.#shares, this.#shard);
    if (this.#shares.size > 0) this.#armRenewal();
    for (const { operation, error } of plan.refused) operation.refuse(error);
    for (const grant of plan.granted) {
      if (!grant.operation.answered) grant.operation.grant(grant);
      else this.#behind({ type: "settle", holds: grant.holds, used: null });
    }
  }

  #armRenewal(): void {
    if (this.#closed) return;
    this.#renewal ??= this.#clock.setTimeout(() => {
      this.#renewal = null;
      for (const [name, share] of this.#shares) {
        if (share.holds.size > 0) this.#due.add(name);
        else this.#shares.delete(name);
      }
      if (this.#shares.size === 0) return;
      this.#armRenewal();
      this.#pump();
    }, RENEW);
  }

  #stopTimers(): void {
    this.#clock.clearTimeout(this.#writeBehind);
    this.#clock.clearTimeout(this.#renewal);
    this.#writeBehind = null;
    this.#renewal = null;
  }

  #failed(error: unknown): void {
    if (!this.#failing) this.#log.warn("limits cannot be counted", { reason: unavailable(error).message });
    this.#failing = true;
  }
}

/** @throws {GatehouseError} `model_not_priced` */
function demandPrice({ subjects, micros }: Wish): void {
  const bound = subjects.find(({ limits }) => limits.budget !== null);
  if (bound === undefined || micros !== null) return;
  const text = `Cannot admit this request: the ${bound.kind} has a budget, and the model has no price. ` +
    "Choose a model that has one, or have it added to the price list.";
  throw new GatehouseError("model_not_priced", text);
}

function unavailable(error: unknown): GatehouseError {
  if (error instanceof GatehouseError) return error;
  const name = error instanceof Error ? error.name : "unknown";
  return new GatehouseError("internal_error", `Cannot count this request against its limits (${name}).`);
}
