/**
 * Usage: what calls cost and how much of it is allowed. Books, prices, budgets, rates.
 * @module
 */
export type { TokenCount } from "./count.ts";
export type { Account, Ledger, Meter, UsageQuery, UsageSum } from "./ledger.ts";
export { createLedger, type LedgerOptions } from "./create_ledger.ts";
export type { Limiter, Reservation, Used, Wish } from "./limiter.ts";
export { type Cost, createPrices, type Prices } from "./prices.ts";
export { type Admission, type Admissions, type Ask, createAdmissions } from "./admission.ts";
export type { Bill } from "./bill.ts";
export { type Metering, type MeteringOptions, openMetering } from "./open_metering.ts";
