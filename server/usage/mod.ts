/**
 * Usage: what calls cost and how much of it is allowed. Books, prices, budgets, rates.
 * @module
 */
export type { TokenCount } from "./count.ts";
export type { Account, Ledger, Meter, UsageQuery, UsageSum } from "./ledger.ts";
export type { Limiter, Reservation, Used, Wish } from "./limiter.ts";
export type { Cost, ModelPrice, PriceList } from "./prices.ts";
