import type { Change, Store } from "../../storage/mod.ts";

/** What lies in the store: the number of this process's last commit. */
interface Mark {
  readonly number: number;
}

/** After this the mark of a process that is gone may be cleared away, in milliseconds. */
const MARK_STAYS = 24 * 3_600_000;

/**
 * Tells whether a commit happened whose answer was lost. Each commit of this process moves one mark on and checks the
 * version it had: so one that comes late, after a next one, fails.
 */
export class Outcomes {
  readonly #store: Store;
  readonly #key: Deno.KvKey;
  #number = 0;
  #version: string | null = null;
  #known = false;

  /** @param shard names this process */
  constructor(store: Store, shard: string) {
    this.#store = store;
    this.#key = ["limits", "mark", shard];
  }

  /** Reads the mark if it is not known. @throws {GatehouseError} `storage_unavailable` */
  async read(): Promise<void> {
    if (!this.#known) await this.#fetch();
  }

  /** Reads it anew next time: a check failed. */
  doubt(): void {
    this.#known = false;
  }

  /** What the next commit must carry, and its number. */
  next(): { readonly number: number; readonly change: Change } {
    const number = ++this.#number;
    return {
      number,
      change: {
        checks: [{ key: this.#key, version: this.#version }],
        puts: [{ key: this.#key, value: { number }, expireIn: MARK_STAYS }],
      },
    };
  }

  /** A commit that carried {@linkcode next} happened. */
  happened(version: string): void {
    this.#version = version;
  }

  /**
   * Whether the commit of this number happened. If it has not, it never will.
   *
   * @throws {GatehouseError} `storage_unavailable`: ask again
   */
  async ask(number: number): Promise<boolean> {
    for (;;) {
      if (await this.#fetch() === number) return true;
      const version = await this.#store.commit(this.next().change);
      if (version === null) continue; // it came in between
      this.happened(version);
      return false;
    }
  }

  /** Takes the mark out of the store. @throws {GatehouseError} `storage_unavailable` */
  async remove(): Promise<void> {
    await this.#store.commit({ deletes: [this.#key] });
    this.doubt();
  }

  /** @returns the number in the store */
  async #fetch(): Promise<number | null> {
    const found = await this.#store.get<Mark>(this.#key);
    this.#number = Math.max(this.#number, found?.value.number ?? 0);
    this.#version = found?.version ?? null;
    this.#known = true;
    return found?.value.number ?? null;
  }
}
