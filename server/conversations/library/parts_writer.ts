import type { Clock } from "../../effects/mod.ts";
import { GatehouseError } from "../../errors/mod.ts";
import type { Change, Entry, Store } from "../../storage/mod.ts";
import type { Presence } from "../presence.ts";
import { AT } from "./keys.ts";
import { BUDGET, type Layout, PART } from "./long_value.ts";
import { fieldsOf, numberOrNull, textOrNull } from "./stored_fields.ts";

/** Says that parts are being written whose record is not there yet, and by whom. */
interface Intent {
  /** Empty: it was given up, and its parts are being erased. */
  readonly owner: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** The values whose parts are written. */
  readonly ids: readonly string[];
}

/** What is written in one commit. */
const PARTS_AT_ONCE = Math.floor(BUDGET / PART);
const DELETES_AT_ONCE = 500;
/** After so many milliseconds a writing counts as given up, whoever its owner is. */
const LONGEST_WRITING = 600_000;

export interface PartsWriterOptions {
  readonly store: Store;
  readonly presence: Pick<Presence, "owner" | "isAlive">;
  readonly clock: Clock;
}

/**
 * Writes the parts that have no room in the commit of their records. Every one is written under an intent that stands
 * unchanged, and the commit of the records demands and removes it: whoever removes or changes the intent before has
 * made sure that the records never come, and may erase the parts.
 */
export class PartsWriter {
  readonly #o: PartsWriterOptions;
  readonly #key: Deno.KvKey;
  readonly #before: Layout["before"];
  readonly #intent: Intent;
  #began = false;
  #written = 0;

  constructor(options: PartsWriterOptions, sessionId: string, { token, before, long }: Layout) {
    const { presence: { owner }, clock } = options;
    this.#o = options;
    this.#key = AT.intent(sessionId, token);
    this.#before = before;
    this.#intent = { owner, at: clock.now(), ids: long };
  }

  /**
   * Writes what is not written yet; may be called again after a failure.
   *
   * @returns what the commit of the records has to hold
   * @throws {GatehouseError} `storage_unavailable`
   */
  async ready(): Promise<Required<Pick<Change, "checks" | "deletes">>> {
    if (this.#before.length === 0) return { checks: [], deletes: [] };
    const version = await this.#claim();
    const checks = [{ key: this.#key, version }];
    while (this.#written < this.#before.length) {
      const puts = this.#before.slice(this.#written, this.#written + PARTS_AT_ONCE);
      if (await this.#o.store.commit({ checks, puts }) === null) throw givenUp();
      this.#written += puts.length;
    }
    return { checks, deletes: [this.#key] };
  }

  /** Erases what was written for records that will not come. What fails is left to `resume()`. */
  async abandon(): Promise<void> {
    if (!this.#began) return;
    try {
      const entry = await this.#o.store.get(this.#key);
      if (entry !== null) await eraseIntent(this.#o.store, entry);
    } catch {
      return;
    }
  }

  /** @returns the intent's version */
  async #claim(): Promise<string> {
    const { store } = this.#o;
    for (;;) {
      const entry = await store.get(this.#key);
      // It stood, and was erased: with the session, or after too long a time.
      if (entry === null ? this.#written > 0 : intentOf(entry.value)?.owner !== this.#intent.owner) throw givenUp();
      if (entry !== null) return entry.version;
      this.#began = true;
      const version = await store.commit({
        checks: [{ key: this.#key, version: null }],
        puts: [{ key: this.#key, value: { v: 1, ...this.#intent } }],
      });
      if (version !== null) return version;
    }
  }
}

function givenUp(): GatehouseError {
  return new GatehouseError(
    "storage_unavailable",
    "Cannot write to the store: the session was deleted, or it took longer than ten minutes; try again",
  );
}

function intentOf(value: unknown): Intent | null {
  const fields = fieldsOf(value);
  if (fields?.v !== 1 || !Array.isArray(fields.ids)) return null;
  return {
    owner: textOrNull(fields.owner) ?? "",
    at: numberOrNull(fields.at) ?? 0,
    ids: fields.ids.map(String),
  };
}

/** Whether the records of an intent will not come any more. @param now milliseconds since the epoch */
export async function isGivenUp(value: unknown, presence: Pick<Presence, "isAlive">, now: number): Promise<boolean> {
  const intent = intentOf(value);
  if (intent === null) return false;
  return intent.owner === "" || now - intent.at > LONGEST_WRITING || !await presence.isAlive(intent.owner);
}

/** Erases an intent and its parts; leaves both if it was changed since it was read. */
export async function eraseIntent(store: Store, { key, value, version: seen }: Entry<unknown>): Promise<void> {
  const intent = intentOf(value);
  const [sessionId, token] = [String(key[1]), String(key[2])];
  if (intent === null) return;
  const given: Intent = { ...intent, owner: "" };
  const version = await store.commit({ checks: [{ key, version: seen }], puts: [{ key, value: { v: 1, ...given } }] });
  if (version === null) return;
  const checks = [{ key, version }];
  for (const id of intent.ids) {
    for (;;) {
      const deletes: Deno.KvKey[] = [];
      const parts = store.list(AT.partsOf(sessionId, id, token), { limit: DELETES_AT_ONCE });
      for await (const part of parts) deletes.push(part.key);
      if (deletes.length === 0) break;
      if (await store.commit({ checks, deletes }) === null) return;
    }
  }
  await store.commit({ checks, deletes: [key] });
}
