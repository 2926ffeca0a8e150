import { type Clock, delay } from "../effects/mod.ts";
import { GatehouseError } from "../errors/mod.ts";
import type { Held, Locks, Store } from "../storage/mod.ts";
import type { Logger } from "../telemetry/mod.ts";
import type { Presence } from "./presence.ts";

/** What {@linkcode openPresence} needs. */
export interface PresenceOptions {
  /** A process is alive as long as it holds one. */
  readonly locks: Locks;
  /** Says who holds it. */
  readonly store: Store;
  /** Spreads the tries after a lease was lost. */
  readonly clock: Clock;
  /** Makes a ULID. */
  readonly newId: () => string;
  /** Told when a lease was lost. */
  readonly log: Logger;
}

/** A place that one living process holds. */
interface Slot {
  readonly name: string;
  readonly id: string;
  readonly held: Held;
}

/** More processes than share any store. */
const SLOTS = 1_000;
/** Milliseconds between two tries to take a slot again. */
const AGAIN_AFTER = 1_000;

const never = new AbortController().signal;

/**
 * Takes the first free slot, a lock of its own, and writes into the store who holds it now. An owner is alive as long as
 * the slot's lock is held and the store names it there. There are as many slots as processes were alive at once.
 *
 * @throws {GatehouseError} `storage_unavailable`
 */
export async function openPresence({ locks, store, clock, newId, log }: PresenceOptions): Promise<Presence> {
  const closing = new AbortController();
  const mine = new Set<string>();
  const asking = new Map<string, Promise<boolean>>();
  let retaking: Promise<void> = Promise.resolve();
  let slot = await take();
  watch();

  async function take(): Promise<Slot> {
    for (let index = 0; index < SLOTS; index++) {
      const name = `conversations-${index}`;
      const held = await locks.acquire(name, { patience: 0, signal: never });
      if (held === null) continue;
      const id = newId();
      try {
        await store.commit({ puts: [{ key: keyOf(name), value: { v: 1, id } }] });
      } catch (error) {
        await held.release();
        throw error;
      }
      mine.add(`${name}/${id}`);
      return { name, id, held };
    }
    throw new GatehouseError("storage_unavailable", "Cannot take part: too many processes share this store; stop some");
  }

  function watch(): void {
    const { held: { lost } } = slot;
    const onLost = () => retaking = retake();
    if (lost.aborted) onLost();
    else lost.addEventListener("abort", onLost, { once: true });
  }

  async function retake(): Promise<void> {
    if (closing.signal.aborted) return;
    log.warn("the lease of this process was lost; others may have ended its turns");
    while (!closing.signal.aborted) {
      try {
        slot = await take();
        watch();
        return;
      } catch {
        await delay(clock, AGAIN_AFTER, closing.signal).catch(() => {});
      }
    }
  }

  async function ask(owner: string): Promise<boolean> {
    const { name, id } = partsOf(owner);
    if (!await isNamed(name, id)) return false;
    const held = await locks.acquire(name, { patience: 0, signal: never });
    // Whoever holds it may have taken it over just now.
    if (held === null) return await isNamed(name, id);
    try {
      // So that those who ask after us need not try the lock, and do not take us for the owner.
      await forget(name, id);
    } finally {
      await held.release();
    }
    return false;
  }

  async function isNamed(name: string, id: string): Promise<boolean> {
    return idOf((await store.get(keyOf(name)))?.value) === id;
  }

  async function forget(name: string, id: string): Promise<void> {
    const entry = await store.get(keyOf(name));
    if (entry === null || idOf(entry.value) !== id) return;
    await store.commit({ checks: [{ key: entry.key, version: entry.version }], deletes: [entry.key] });
  }

  return {
    get owner() {
      return `${slot.name}/${slot.id}`;
    },
    async isAlive(owner) {
      if (mine.has(owner)) return !closing.signal.aborted;
      const asked = asking.get(owner) ?? ask(owner).finally(() => asking.delete(owner));
      asking.set(owner, asked);
      return await asked;
    },
    async close() {
      if (closing.signal.aborted) return;
      closing.abort();
      await retaking;
      await forget(slot.name, slot.id).catch(() => {});
      await slot.held.release();
    },
  };
}

function keyOf(slot: string): Deno.KvKey {
  return ["presence", slot];
}

function partsOf(owner: string): { readonly name: string; readonly id: string } {
  const border = owner.lastIndexOf("/");
  return { name: owner.slice(0, Math.max(border, 0)), id: owner.slice(border + 1) };
}

/** Null: nothing that this version can read. */
function idOf(value: unknown): string | null {
  return typeof value === "object" && value !== null && "id" in value && typeof value.id === "string" ? value.id : null;
}
