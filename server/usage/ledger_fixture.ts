import { FakeClock } from "../effects/fake_clock.ts";
import type { Store } from "../storage/mod.ts";
import { type FaultyStore, memoryStore, withFaults } from "../storage/testing.ts";
import { silentLogger } from "../telemetry/mod.ts";
import { createLedger, type LedgerOptions } from "./create_ledger.ts";
import type { Account, Ledger, UsageQuery, UsageSum } from "./ledger.ts";
import { createPrices } from "./prices.ts";
import { sumUsage } from "./sums.ts";

/** For tests: noon of a day, so that no test meets midnight by chance. */
export const NOON = Date.UTC(2026, 10, 20, 12);

/** 2 millionths for a token read, 10 for one written; other models have no price. */
export const { costOf } = createPrices({ currency: "USD", models: { m: { input: 2, output: 10 } } });

export const ALL: UsageQuery = {
  from: "2026-01-01",
  to: "2027-12-31",
  groupBy: "model",
  userId: null,
  limit: 100,
  cursor: null,
};

/** One store, and processes on it. */
export interface World {
  readonly clock: FakeClock;
  readonly store: FaultyStore;
  /** One process's books, by a view of the store that has faults of its own. */
  process(shard: string, options?: Partial<LedgerOptions>): { readonly ledger: Ledger; readonly view: FaultyStore };
  /** What the store holds. */
  stored(query?: Partial<UsageQuery>): Promise<readonly UsageSum[]>;
}

export async function withWorld(work: (world: World) => Promise<void>): Promise<void> {
  const clock = new FakeClock(NOON);
  const store = await memoryStore();
  const world: World = {
    clock,
    store,
    process(shard, options) {
      const view = withFaults(store, clock);
      return { view, ledger: createLedger({ store: view, clock, log: silentLogger, shard, costOf, ...options }) };
    },
    stored: (query) => storedIn(store, query),
  };
  try {
    await work(world);
  } finally {
    store.close();
  }
}

async function storedIn(store: Store, query: Partial<UsageQuery> = {}): Promise<readonly UsageSum[]> {
  return (await sumUsage(store, { ...ALL, ...query })).items;
}

export function account(rest: Partial<Account> = {}): Account {
  return { userId: "ann", keyId: null, model: "m", ...rest };
}

/** Requests, tokens read, tokens written, estimated requests, millionths. */
export function figures(sum: UsageSum | undefined): (number | null)[] | undefined {
  return sum &&
    [sum.requests, sum.prompt_tokens, sum.completion_tokens, sum.estimated, sum.cost === null ? null : sum.cost.micros];
}
