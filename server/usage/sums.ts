import type { Store } from "../storage/mod.ts";
import type { UsageQuery, UsageSum } from "./ledger.ts";
import { placeOf, type RowPlace, tallyOf, USAGE } from "./stored_row.ts";
import { cursorOf, keyOfCursor } from "./sums_cursor.ts";
import type { Tally } from "./tally.ts";

/** A row as it was read. */
export interface StoredRow {
  readonly place: RowPlace;
  readonly tally: Tally;
}

/**
 * Adds up what the store holds, of all processes that ever wrote. Writes nothing.
 *
 * @throws {GatehouseError} `storage_unavailable`, `invalid_field` (`cursor`)
 */
export async function sumUsage(
  store: Store,
  { from, to, groupBy, userId, limit, cursor }: UsageQuery,
): Promise<{ readonly items: readonly UsageSum[]; readonly nextCursor: string | null }> {
  const after = cursor === null ? null : keyOfCursor(cursor);
  const groups = new Map<string, Group>();
  for await (const { place, tally } of rows(store, from, to, userId)) {
    const key = groupKey(place, groupBy);
    if (after !== null && key <= after) continue;
    groups.set(key, withRow(groups.get(key), place, tally));
  }
  const sums = [...groups].sort(([a], [b]) => a < b ? -1 : 1).slice(0, limit).map(([key, group]) => sumOf(key, group));
  const last = sums.at(-1);
  return { items: sums, nextCursor: last === undefined || sums.length === groups.size ? null : cursorOf(last.key) };
}

/** After every string of a key. */
const END = true;

async function* rows(store: Store, from: string, to: string, userId: string | null): AsyncIterable<StoredRow> {
  if (from > to) return;
  const [start, end] = [[USAGE, from], [USAGE, to, END]];
  if (userId === null) return yield* rowsIn(store, [USAGE], start, end);
  for (let day = await nextDay(store, start, end); day !== null; day = await nextDay(store, [USAGE, day, END], end)) {
    yield* rowsIn(store, [USAGE, day, userId]);
  }
}

/** The first day that has rows: ranges may be long, and mostly empty. */
async function nextDay(store: Store, start: Deno.KvKey, end: Deno.KvKey): Promise<string | null> {
  for await (const { key: [, day] } of store.list([USAGE], { start, end, limit: 1 })) {
    if (typeof day === "string") return day;
  }
  return null;
}

async function* rowsIn(
  store: Store,
  prefix: Deno.KvKey,
  start?: Deno.KvKey,
  end?: Deno.KvKey,
): AsyncIterable<StoredRow> {
  const range = start === undefined || end === undefined ? {} : { start, end };
  for await (const { key, value } of store.list(prefix, range)) {
    const [place, tally] = [placeOf(key), tallyOf(value)];
    if (place !== null && tally !== null) yield { place, tally };
  }
}

function groupKey({ model, userId, keyId, day }: RowPlace, groupBy: UsageQuery["groupBy"]): string {
  switch (groupBy) {
    case "model":
      return model;
    case "user":
      return userId;
    case "key":
      return keyId;
    case "day":
      return day;
  }
}

interface Group {
  readonly requests: number;
  readonly prompt: number;
  readonly completion: number;
  readonly estimated: number;
  readonly costs: Map<string, { readonly micros: number; readonly latest: string }>;
}

function withRow(group: Group | undefined, { day, shard }: RowPlace, tally: Tally): Group {
  const { requests, prompt, completion, estimated, micros, currency } = tally;
  const costs = group?.costs ?? new Map();
  if (micros !== null && currency !== null) {
    const before = costs.get(currency);
    const written = `${day} ${shard}`;
    const latest = before !== undefined && before.latest > written ? before.latest : written;
    costs.set(currency, { micros: (before?.micros ?? 0) + micros, latest });
  }
  return {
    requests: (group?.requests ?? 0) + requests,
    prompt: (group?.prompt ?? 0) + prompt,
    completion: (group?.completion ?? 0) + completion,
    estimated: (group?.estimated ?? 0) + estimated,
    costs,
  };
}

function sumOf(key: string, { requests, prompt, completion, estimated, costs }: Group): UsageSum {
  const [newest] = [...costs].sort(([, a], [, b]) => a.latest < b.latest ? 1 : -1);
  return {
    key,
    requests,
    prompt_tokens: prompt,
    completion_tokens: completion,
    estimated,
    cost: newest === undefined ? null : { micros: newest[1].micros, currency: newest[0] },
  };
}
