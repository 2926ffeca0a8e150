import type { Clock } from "../effects/mod.ts";

/** Copies of stored values, never older than a second while the store answers: what was revoked elsewhere is soon refused here. */
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
  /** For how long a value is served on while the store does not answer, in milliseconds. */
  readonly outlasts: number;
}

/** Older than this, in milliseconds, a copy is served once more while it is read anew. */
const RENEW_AFTER = 400;
/** Older than this it is not served. With the time of a read this stays under a second. */
const USABLE_FOR = 800;
/** Requests that need no write go on for a while without the store; what others revoke meanwhile is not heard. */
export const OUTLASTS = 30_000;
/** A read that takes longer is not waited for while there is such a copy. */
const SLOW_AFTER = 400;
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
export function createFresh<T>({ clock, load, outlasts: patience }: FreshOptions<T>): Fresh<T> {
  const copies = new Map<string, Copy<T>>();
  const flights = new Map<string, { readonly value: Promise<T | null>; readonly since: number }>();

  function renew(id: string): Promise<T | null> {
    const running = flights.get(id);
    if (running !== undefined) return running.value;
    const readAt = clock.monotonic();
    const flight = load(id).then((value) => {
      // A read that a change has overtaken says nothing any more.
      if (flights.get(id)?.value === flight) keep(id, { value, readAt, failedAt: -Infinity });
      return value;
    }, (error) => {
      const copy = copies.get(id);
      if (copy === undefined || !outlasts(copy)) throw error;
      copy.failedAt = clock.monotonic();
      return copy.value;
    }).finally(() => {
      if (flights.get(id)?.value === flight) flights.delete(id);
    });
    flights.set(id, { value: flight, since: readAt });
    return flight;
  }

  /** Whether a copy is good while the store does not answer. */
  function outlasts({ value, readAt }: Copy<T>): boolean {
    return value !== null && clock.monotonic() - readAt < patience;
  }

  /** Whether the store has just failed, or is failing, to say more. */
  function isCut(id: string, { failedAt }: Copy<T>): boolean {
    const now = clock.monotonic();
    return now - failedAt < NOT_AGAIN_FOR || now - (flights.get(id)?.since ?? now) >= SLOW_AFTER;
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
      if (age >= USABLE_FOR && !(isCut(id, copy) && outlasts(copy))) return renew(id);
      if (age >= RENEW_AFTER) renew(id).catch(() => {}); // whoever needs it next hears of the failure
      return copy.value;
    },
    drop(id) {
      copies.delete(id);
      flights.delete(id);
    },
  };
}
