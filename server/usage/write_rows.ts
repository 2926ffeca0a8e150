import { GatehouseError } from "../errors/mod.ts";
import type { Store } from "../storage/mod.ts";
import type { Row } from "./books.ts";
import { rowValue } from "./stored_row.ts";
import type { Tally } from "./tally.ts";

/** A row, and what it is to say. */
export interface RowWrite {
  readonly row: Row;
  readonly tally: Tally;
}

/** Rows in one commit: as many as Deno KV checks at once. */
const BATCH = 100;

/**
 * Writes rows, in commits of bounded size. Each is checked against the version last seen: a write that was given up may
 * still come through later, and must not undo a newer one.
 *
 * @throws {GatehouseError} `storage_unavailable`; the rows that were not written, or perhaps not, are then not `sure`
 */
export async function writeRows(store: Store, writes: readonly RowWrite[]): Promise<void> {
  for (let start = 0; start < writes.length; start += BATCH) {
    await writeBatch(store, writes.slice(start, start + BATCH));
  }
}

async function writeBatch(store: Store, batch: readonly RowWrite[]): Promise<void> {
  const doubtful = batch.filter(({ row }) => !row.sure);
  const found = await Promise.all(doubtful.map(({ row }) => store.get(row.key)));
  doubtful.forEach(({ row }, i) => row.version = found[i]?.version ?? null);
  for (const { row } of batch) row.sure = false;
  const version = await store.commit({
    checks: batch.map(({ row: { key, version } }) => ({ key, version })),
    puts: batch.map(({ row: { key }, tally }) => ({ key, value: rowValue(tally) })),
  });
  if (version === null) {
    throw new GatehouseError("storage_unavailable", "Cannot write usage: another write came between. Try again.");
  }
  for (const { row, tally } of batch) {
    row.version = version;
    row.written = tally;
    row.sure = true;
  }
}
