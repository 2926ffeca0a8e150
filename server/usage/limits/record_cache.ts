import type { Store } from "../../storage/mod.ts";
import { type LimitRecord, readRecord, recordKey } from "./record.ts";

/** A record and its version. */
export interface Known {
  readonly record: LimitRecord | null;
  /** Null: there is no record. */
  readonly version: string | null;
}

/** How many records are kept, the last used ones. */
const KEPT = 2_000;

/** Records as they were last seen. A commit checks their versions, so an old one does no harm. */
export class RecordCache {
  readonly #store: Store;
  readonly #known = new Map<string, Known>();

  constructor(store: Store) {
    this.#store = store;
  }

  /** What is known of these subjects, read where nothing is. @throws {GatehouseError} `storage_unavailable` */
  async read(names: ReadonlySet<string>): Promise<ReadonlyMap<string, Known>> {
    const missing = [...names].filter((name) => !this.#known.has(name));
    if (missing.length > 0) await Promise.all(missing.map((name) => this.#fetch(name)));
    const found = new Map<string, Known>();
    for (const name of names) {
      const known = this.#known.get(name) ?? await this.#fetch(name);
      this.#keep(name, known);
      found.set(name, known);
    }
    this.#trim();
    return found;
  }

  wrote(puts: ReadonlyMap<string, LimitRecord>, version: string): void {
    for (const [name, record] of puts) this.#keep(name, { record, version });
  }

  drop(names: Iterable<string>): void {
    for (const name of names) this.#known.delete(name);
  }

  keyOf(name: string): Deno.KvKey {
    const slash = name.indexOf("/");
    return recordKey(name.slice(0, slash) === "user" ? "user" : "key", name.slice(slash + 1));
  }

  async #fetch(name: string): Promise<Known> {
    const found = await this.#store.get(this.keyOf(name));
    const known = { record: found && readRecord(found.value), version: found?.version ?? null };
    this.#known.set(name, known);
    return known;
  }

  /** Puts it last, so that the first is the one not used for the longest time. */
  #keep(name: string, known: Known): void {
    this.#known.delete(name);
    this.#known.set(name, known);
  }

  #trim(): void {
    for (const name of this.#known.keys()) {
      if (this.#known.size <= KEPT) return;
      this.#known.delete(name);
    }
  }
}
