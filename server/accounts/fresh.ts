import type { Clock } from "../effects/mod.ts";

/** Copies of stored values that are never older than a second, so that what was revoked elsewhere is soon refused here. */
export interface Fresh<T> {
  /** The value at `id`, null if there is none. At once where the copy is fresh. @throws what `load` throws */
  get(id: string): T | null | Promise<T | null>;
  /** This process has changed the value: every copy is forgotten. */
  drop(id: string): void;
}

/** What {@linkcode createFresh} is made of. */
export interface FreshOptions<T> {
  /** Ages the copies. */
  readonly clock: Clock;
  /** Reads the stored value. */
  readonly load: (id: string) => Promise<T | null>;
}

/** Older than this, in milliseconds, a copy is served once more while it is read anew. */
const RENEW_AFTER = 400;
/** Older than this it is not served. With the time of a read this stays under a second. */
const USABLE_FOR = 800;
/** While the store does not answer nothing can be revoked through it: what was good goes on for so long. */
const SERVED_WITHOUT_STORE = 30_000;
/** For so long after a failed read a copy is served without waiting for the next one to fail. */
const NOT_AGAIN_FOR = 2_000;
/** More copies than this are not kept. */
const CAPACITY = 10_000;

interface Copy<T> {
  readonly value: T | null;
  readonly readAt: number;
  /** When a read that was to take its place failed. */
  failedAt: number;
}

/** Keeps fresh copies of what `load` reads. */
export function createFresh<T>({ clock, load }: FreshOptions<T>): Fresh<T> {
  const copies = new Map<string, Copy<T>>();
  const flights = new Map<string, Promise<T | null>>();

  function renew(id: string): Promise<T | null> {
    const running = flights.get(id);
    if (running !== undefined) return running;
    const readAt = clock.monotonic();
    const flight = load(id).then((value) => {
      // A read that a change has overtaken says nothing any more.
      if (flights.get(id) === flight) keep(id, { value, readAt, failedAt: -Infinity });
      return value;
    }, (error) => {
      const copy = copies.get(id);
      if (copy === undefined || !outlasts(copy)) throw error;
      copy.failedAt = clock.monotonic();
      return copy.value;
    }).finally(() => {
      if (flights.get(id) === flight) flights.delete(id);
    });
    flights.set(id, flight);
    return flight;
  }

  /** Whether a copy is good while the store does not answer. */
  function outlasts({ value, readAt }: Copy<T>): boolean {
    return value !== null && clock.monotonic() - readAt < SERVED_WITHOUT_STORE;
  }

  function keep(id: string, copy: Copy<T>): void {
    // What was used longest ago stands first.
    copies.delete(id);
    if (copies.size >= CAPACITY) {
      for (const oldest of copies.keys()) {
        copies.delete(oldest);
        break;
      }
    }
    copies.set(id, copy);
  }

  return {
    get(id) {
      const copy = copies.get(id);
      if (copy === undefined) return renew(id);
      const age = clock.monotonic() - copy.readAt;
      const isCut = clock.monotonic() - copy.failedAt < NOT_AGAIN_FOR && outlasts(copy);
      if (age >= USABLE_FOR && !isCut) return renew(id);
      if (age >= RENEW_AFTER) renew(id).catch(() => {}); // whoever needs it next hears of the failure
      return copy.value;
    },
    drop(id) {
      copies.delete(id);
      flights.delete(id);
    },
  };
}
