import type { Clock, Timer } from "../effects/mod.ts";
import { GatehouseError } from "../errors/mod.ts";
import type { Store } from "../storage/mod.ts";
import type { Logger } from "../telemetry/mod.ts";
import { Books, type OpenCall, type Row } from "./books.ts";
import type { TokenCount } from "./count.ts";
import type { Account, Ledger, Meter } from "./ledger.ts";
import type { Cost, Prices } from "./prices.ts";
import { sumUsage } from "./sums.ts";
import { sameTally, type Tally, withCall } from "./tally.ts";
import { writeRows } from "./write_rows.ts";

/** What {@linkcode createLedger} needs. */
export interface LedgerOptions {
  /** Where the books are kept. */
  readonly store: Store;
  /** Tells the day of a call, and when to write. */
  readonly clock: Clock;
  /** Told when the books cannot be written, and when they can again. */
  readonly log: Logger;
  /** This process's own ULID: no other ever writes under it. */
  readonly shard: string;
  /** What a call costs. */
  readonly costOf: Prices["costOf"];
}

/** Milliseconds from one writing to the next: with the writing itself this stays within a second. */
const PERIOD = 800;

const NOTHING: TokenCount = { prompt: 0, completion: 0 };

/**
 * Opens the books. A call belongs to the day on which it began (UTC). Calls that are open while the books are written
 * stand in them as estimated, with what they have used so far: a process that dies loses the last second.
 *
 * Models come from clients: names are cut at 200 characters, and beyond 200 models of one account a day (a user with a
 * key, or without) calls are booked under `(other models)`, each at its own price.
 */
export function createLedger({ store, clock, log, shard, costOf }: LedgerOptions): Ledger {
  const books = new Books(shard);
  /** Rows that the next writing looks at: those with open calls, and those that differ from the store. */
  const pending = new Set<Row>();
  let timer: Timer | null = null;
  let writing: Promise<void> | null = null;
  let waiting: Promise<void> | null = null;
  let failing = false;
  let closed = false;

  function open(account: Account, running: () => TokenCount): Meter {
    const row = books.row(clock.now(), account);
    const call: OpenCall = { model: account.model, running };
    let cost: Cost | null = null;
    row.open.add(call);
    touch(row);

    function end(count: TokenCount, estimated: boolean): Cost | null {
      if (!row.open.delete(call)) return cost;
      cost = costOf(call.model, count);
      row.total = withCall(row.total, count, estimated, cost);
      touch(row);
      return cost;
    }

    return { end, unused: () => void end(NOTHING, false) };
  }

  function touch(row: Row): void {
    pending.add(row);
    arm(PERIOD);
  }

  function arm(ms: number): void {
    if (timer === null && !closed && pending.size > 0) timer = clock.setTimeout(tick, ms);
  }

  function tick(): void {
    timer = null;
    if (writing !== null) return arm(PERIOD);
    const begun = clock.monotonic();
    const again = () => arm(Math.max(0, PERIOD - (clock.monotonic() - begun)));
    flush().then(again, again); // a failure is told in the log
  }

  /** One writing at a time; who comes during it waits for the next, for this one may have passed their row. */
  function flush(): Promise<void> {
    if (writing === null) return writing = write().finally(() => writing = null);
    const next = () => {
      waiting = null;
      return flush();
    };
    return waiting ??= writing.then(next, next);
  }

  async function write(): Promise<void> {
    try {
      const writes = [...pending].map((row) => ({ row, tally: standing(row) }));
      await writeRows(store, writes.filter(({ row, tally }) => !isWritten(row, tally)));
      if (failing) log.info("usage is written again");
      failing = false;
    } catch (error) {
      const reason = error instanceof GatehouseError ? error.message : "an unexpected fault";
      if (!failing) log.warn("usage cannot be written: it is kept, and tried again each second", { reason });
      failing = true;
      throw error;
    } finally {
      for (const row of pending) if (row.open.size === 0 && isWritten(row, row.total)) pending.delete(row);
      books.dropPast(clock.now(), (row) => !pending.has(row));
    }
  }

  /** The row with what its open calls have used so far. */
  function standing({ total, open }: Row): Tally {
    let tally = total;
    for (const { model, running } of open) {
      const count = running();
      tally = withCall(tally, count, true, costOf(model, count));
    }
    return tally;
  }

  return {
    open,
    flush,
    async sum(query) {
      await flush().catch(() => {}); // the store's own numbers then, or its own failure
      return await sumUsage(store, query);
    },
    async close() {
      closed = true;
      clock.clearTimeout(timer);
      await flush().catch(() => {}); // told in the log
    },
  };
}

function isWritten({ sure, written }: Row, tally: Tally): boolean {
  return sure && written !== null && sameTally(written, tally);
}
