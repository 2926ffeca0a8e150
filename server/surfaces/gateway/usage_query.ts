import { GatehouseError } from "../../errors/mod.ts";
import type { UsageQuery } from "../../usage/mod.ts";

const PARAMETERS = new Set(["from", "to", "group_by", "limit", "cursor"]);
const GROUPS = ["model", "user", "key", "day"] as const;
const DAY = 86_400_000;
/** Days in a query that names none. */
const DEFAULT_DAYS = 30;
const MAX_DAYS = 366;
const DEFAULT_LIMIT = 100;
const MAX_LIMIT = 1000;

const DATE = /^\d{4}-\d{2}-\d{2}$/;
const TIME = /^(\d{4}-\d{2}-\d{2})T\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(Z|[+-]\d{2}:\d{2})?$/;

/**
 * Reads what is to be summed. Days are UTC; without a zone, so are times.
 *
 * @param now milliseconds since the epoch
 * @throws {GatehouseError} `invalid_field`, naming the parameter
 */
export function readUsageQuery(parameters: URLSearchParams, now: number): Omit<UsageQuery, "userId"> {
  for (const name of parameters.keys()) {
    if (!PARAMETERS.has(name)) throw wrong(name, "is not a parameter of this request; leave it out");
    if (parameters.getAll(name).length > 1) throw wrong(name, "stands there twice; send it once");
  }
  const today = Math.floor(now / DAY);
  const to = readDay(parameters, "to") ?? today;
  const from = readDay(parameters, "from") ?? Math.min(to, today) - (DEFAULT_DAYS - 1);
  if (from > to) throw wrong("from", `is after the last day (${dayText(to)}); send one that is not`);
  if (Math.min(to, today) - from >= MAX_DAYS) {
    throw wrong("from", `is more than ${MAX_DAYS} days before the last; ask for fewer`);
  }
  return {
    from: dayText(from),
    to: dayText(to),
    groupBy: readGroup(parameters),
    limit: readLimit(parameters),
    cursor: parameters.get("cursor"),
  };
}

/** In days since the epoch; null: not given. */
function readDay(parameters: URLSearchParams, name: "from" | "to"): number | null {
  const given = parameters.get(name);
  if (given === null) return null;
  // A plus that was not encoded arrives as a space.
  const text = given.replace(/ (?=\d{2}:\d{2}$)/, "+");
  const date = DATE.test(text) ? text : TIME.exec(text)?.[1];
  // Dates that no calendar has would run over into the next month.
  if (date !== undefined && isoDay(Date.parse(`${date}T00:00:00Z`)) === date) {
    const zoned = date === text || TIME.exec(text)?.[2] !== undefined ? text : `${text}Z`;
    const at = Date.parse(zoned);
    if (!Number.isNaN(at)) return Math.floor(at / DAY);
  }
  throw wrong(name, "is no date; send a day such as 2026-11-20 or a time in ISO 8601");
}

function readGroup(parameters: URLSearchParams): UsageQuery["groupBy"] {
  const given = parameters.get("group_by") ?? "model";
  const group = GROUPS.find((group) => group === given);
  if (group === undefined) throw wrong("group_by", `is none of ${GROUPS.join(", ")}; send one of them`);
  return group;
}

function readLimit(parameters: URLSearchParams): number {
  const given = parameters.get("limit");
  if (given === null) return DEFAULT_LIMIT;
  const limit = /^\d{1,4}$/.test(given) ? Number(given) : 0;
  if (limit < 1 || limit > MAX_LIMIT) throw wrong("limit", `is no whole number from 1 to ${MAX_LIMIT}; send one`);
  return limit;
}

function dayText(day: number): string {
  return isoDay(day * DAY) ?? "";
}

/** Null: no time at all. */
function isoDay(at: number): string | null {
  return Number.isNaN(at) ? null : new Date(at).toISOString().slice(0, 10);
}

function wrong(name: string, what: string): GatehouseError {
  const param = name.slice(0, 100);
  return new GatehouseError("invalid_field", `Cannot sum up the usage: \`${param}\` ${what}`, { param });
}
