import type { Account } from "./ledger.ts";
import { rowKey } from "./stored_row.ts";
import { EMPTY_TALLY, type Tally } from "./tally.ts";
import type { TokenCount } from "./count.ts";

/** A call that has not ended. */
export interface OpenCall {
  readonly model: string;
  readonly running: () => TokenCount;
}

/** A row of this process, and what is known of it in the store. */
export interface Row {
  readonly key: Deno.KvKey;
  /** Of the calls that have ended. */
  total: Tally;
  readonly open: Set<OpenCall>;
  /** What was written last; null: nothing yet. */
  written: Tally | null;
  /** Of the row in the store; null: it is not there. */
  version: string | null;
  /** False: a write's outcome is unknown, and `written` and `version` with it. */
  sure: boolean;
}

/** Longer names of models are cut: they come from clients. */
const NAME_LENGTH = 200;

/** Names of models that an account has rows for on one day. Names come from clients, and rows stay. */
const MODELS = 200;

/** What the further models of an account are booked under. */
export const OTHER_MODELS = "(other models)";

const DAY = 86_400_000;

/** The rows of this process, by day, account and model. */
export class Books {
  readonly #shard: string;
  readonly #days = new Map<string, Map<string, Map<string, Row>>>();
  /** Times that rows were dropped. One that comes back after that is another row, for its old sum is forgotten. */
  #drops = 0;
  #today = { number: NaN, text: "" };

  constructor(shard: string) {
    this.#shard = shard;
  }

  /** @param now milliseconds since the epoch */
  row(now: number, { userId, keyId, model }: Account): Row {
    const day = this.#day(now);
    const accounts = entry(this.#days, day, newMap<Map<string, Row>>);
    const models = entry(accounts, `${userId}\n${keyId ?? ""}`, newMap<Row>);
    const name = nameOf(model);
    return models.get(name) ?? entry(models, models.size < MODELS ? name : OTHER_MODELS, (used) => ({
      key: rowKey({ day, userId, keyId: keyId ?? "", model: used, shard: this.#place() }),
      total: EMPTY_TALLY,
      open: new Set(),
      written: null,
      version: null,
      sure: true,
    }));
  }

  /** Lets go of the rows of other days, where nothing more is to be written. */
  dropPast(now: number, isDone: (row: Row) => boolean): void {
    const today = this.#day(now);
    let dropped = false;
    for (const [day, accounts] of this.#days) {
      if (day === today) continue;
      for (const [account, models] of accounts) {
        for (const [model, row] of models) if (isDone(row)) dropped = models.delete(model);
        if (models.size === 0) accounts.delete(account);
      }
      if (accounts.size === 0) this.#days.delete(day);
    }
    if (dropped) this.#drops++;
  }

  #place(): string {
    return this.#drops === 0 ? this.#shard : `${this.#shard}.${this.#drops}`;
  }

  #day(now: number): string {
    const number = Math.floor(now / DAY);
    if (number !== this.#today.number) this.#today = { number, text: new Date(now).toISOString().slice(0, 10) };
    return this.#today.text;
  }
}

/** Well-formed, because in the store all halves of characters are the same, and two rows would become one. */
function nameOf(model: string): string {
  return (model.length > NAME_LENGTH ? model.slice(0, NAME_LENGTH) : model).toWellFormed();
}

function entry<V>(map: Map<string, V>, key: string, make: (key: string) => V): V {
  const found = map.get(key);
  if (found !== undefined) return found;
  const made = make(key);
  map.set(key, made);
  return made;
}

function newMap<V>(): Map<string, V> {
  return new Map();
}
