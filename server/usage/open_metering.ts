import type { Clock } from "../effects/mod.ts";
import type { PriceList } from "../settings/mod.ts";
import type { Store } from "../storage/mod.ts";
import type { Logger } from "../telemetry/mod.ts";
import { type Admissions, createAdmissions } from "./admission.ts";
import { createLedger } from "./create_ledger.ts";
import type { Ledger } from "./ledger.ts";
import { createLimiter } from "./limits/create_limiter.ts";
import { createPrices } from "./prices.ts";

/** What calls cost and how much of it is allowed. */
export interface Metering {
  /** Lets calls through and books them. */
  readonly admissions: Admissions;
  /** The books. */
  readonly ledger: Ledger;
  /** Writes what is not written yet. */
  close(): Promise<void>;
}

/** What {@linkcode openMetering} needs. */
export interface MeteringOptions {
  /** Where the books and the limits' state are kept. */
  readonly store: Store;
  /** Times flushes, windows and periods. */
  readonly clock: Clock;
  /** 0 to 1. */
  readonly random: () => number;
  /** Told when the store fails. */
  readonly log: Logger;
  /** This process's own name in the store. */
  readonly shard: string;
  /** Null: nothing has a price. */
  readonly prices: PriceList | null;
}

/** Opens the books and the limits of one process. */
export function openMetering({ store, clock, random, log, shard, prices: list }: MeteringOptions): Metering {
  const prices = createPrices(list);
  const ledger = createLedger({ store, clock, log, shard, costOf: prices.costOf });
  const limiter = createLimiter({ store, clock, random, log, shard });
  return {
    admissions: createAdmissions({ ledger, limiter, prices }),
    ledger,
    async close() {
      await limiter.close();
      await ledger.close();
    },
  };
}
